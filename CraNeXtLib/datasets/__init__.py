"""Data sets of skulls: their manifest and folders, what is wrong with one, what is in one, and getting more of them."""
