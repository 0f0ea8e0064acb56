"""Runs of the worker and of training, started from Slicer without blocking it."""
