"""The panel of CraNeXtCategorize, one section per file."""
