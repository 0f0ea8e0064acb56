"""Completing a defective skull: finding and loading models, and what each kind of model does."""
