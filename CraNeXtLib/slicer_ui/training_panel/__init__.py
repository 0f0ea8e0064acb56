"""The panel of CraNeXtTraining, one section per file."""
