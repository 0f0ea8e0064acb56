"""Fitting shape models to complete skulls."""
