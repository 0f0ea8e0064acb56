"""The sections of CraNeXtCategorize's panel, one a file."""
