"""Completing a defective skull: the models, how they are found and loaded, and how each one works."""
