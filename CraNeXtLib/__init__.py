"""Cranial implant design: complete a defective skull, label its regions, measure the result."""

__version__ = "0.1.0"
