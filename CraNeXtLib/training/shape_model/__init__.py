"""Fitting the shape models."""
