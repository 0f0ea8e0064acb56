"""The panel of CraNeXtImplant, one section per file."""
