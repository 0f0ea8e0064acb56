"""The names of mesh files, and of the units and spaces of their coordinates."""

from __future__ import annotations

MESH_SUFFIXES = (".stl", ".ply", ".obj", ".3mf")
"""Of the files that are read."""
MESH_UNITS = ("mm", "cm", "m", "inch", "micron")
MESH_SPACES = ("LPS", "RAS")


def is_mesh_name(name: str) -> bool:
    """Return whether a file's name is that of a mesh.

    >>> [is_mesh_name(name) for name in ("skull.STL", "skull.nrrd")]
    [True, False]
    """
    return name.lower().endswith(MESH_SUFFIXES)
