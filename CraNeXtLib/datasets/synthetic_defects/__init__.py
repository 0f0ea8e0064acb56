"""Cutting synthetic defects out of complete skulls."""
