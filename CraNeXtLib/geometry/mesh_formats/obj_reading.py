"""Reading the faces of OBJ files; trimesh counts relative corners from the end of the file instead of from the face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_merging import triangle_fan


def read_obj(file: IO[bytes]) -> Mesh:
    """Read the faces of all objects and groups in an OBJ file as triangles.

    Raises:
        ValueError: If a corner or face is not written as numbers.
    """
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    for kind, *words in _statements(file):
        if kind == b"v":
            vertices.append([float(word) for word in words[:3]])
        elif kind == b"f":
            corners = [int(word.partition(b"/")[0]) for word in words]
            faces += triangle_fan([corner - 1 if corner > 0 else len(vertices) + corner for corner in corners])
    return Mesh(np.array(vertices, float).reshape(-1, 3), np.array(faces, np.int64).reshape(-1, 3))


def _statements(file: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield the words of each statement, which goes on in the next line after a backslash."""
    words: list[bytes] = []
    for line in file:
        words += line.split()
        if words and words[-1] == b"\\":
            words.pop()
        elif words and words[-1].endswith(b"\\"):
            words[-1] = words[-1][:-1]
        elif words:
            yield words
            words = []
    if words:
        yield words
