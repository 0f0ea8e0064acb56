"""The formats of volume files, which :mod:`CraNeXtLib.geometry.volume_files` reads and writes."""
