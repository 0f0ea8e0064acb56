"""Data sets of skulls: manifests, folder layouts, checks, statistics, and synthetic defects and skulls."""
