"""Volumes and meshes in RAS millimeters, their files, and what can be computed from them without knowing a skull."""
