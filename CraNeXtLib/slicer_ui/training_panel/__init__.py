"""The sections of CraNeXtTraining's panel, one a file."""
