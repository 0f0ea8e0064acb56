"""The sections of CraNeXtImplant's panel, one a file."""
