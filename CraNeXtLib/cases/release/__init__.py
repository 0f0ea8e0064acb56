"""Releasing a case: its folder is frozen, and later changes of its files are noticed."""
