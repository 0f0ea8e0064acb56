"""Triangle meshes with values as few bytes, which ``Resources/Viewer/packed_meshes.js`` unpacks.

Everything is an integer of fixed size, stored as differences that are small, and byte by byte: first all lowest bytes,
then all next ones. Compressed, a face then takes some four bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh

VALUE_MM = 0.01
"""Distances are multiples of this."""
UNKNOWN = 0xFFFF
"""Code of a distance that was not measured."""

_HIGHEST = 0xFFFF


@dataclass(frozen=True)
class PackedMesh:
    """The bytes of a mesh, and what is needed to read them.

    Args:
        vertices: Number of vertices.
        faces: Number of faces.
        origin: RAS position in mm to which the positions are relative.
        step_mm: What the positions are multiples of.
        lowest_mm: For each list of values, the distance of the code 0.
        data: ``3 * vertices`` positions of 16 bits, axis by axis, each as the difference from the one before;
            ``3 * faces`` vertex indices of 24 bits, each as the difference from the first index not used so far; and
            ``vertices`` values of 16 bits for each list. Differences of positions are modulo 65,536, with their sign
            in the lowest bit.
    """

    vertices: int
    faces: int
    origin: tuple[float, ...]
    step_mm: float
    lowest_mm: tuple[float, ...]
    data: bytes = field(repr=False)


def pack_mesh(mesh: Mesh, *values_mm: np.ndarray, step_mm: float) -> PackedMesh:
    """Pack a mesh with values at its vertices, in the order in which the faces use them; unused ones are left out.

    Args:
        mesh: The mesh, in RAS mm, with at least one face.
        *values_mm: Distances in mm, each of shape (N,); NaN where nothing was measured.
        step_mm: What positions are rounded to; more if the mesh is larger than 65,535 times this.
    """
    order, faces = _by_first_use(mesh.faces, len(mesh.vertices))
    vertices = mesh.vertices[order]
    origin = vertices.min(axis=0)
    step_mm = max(step_mm, float(np.ptp(vertices, axis=0).max()) / _HIGHEST)
    positions = np.rint((vertices - origin) / step_mm).astype(np.int32)
    steps = np.diff(positions, axis=0, prepend=0).astype(np.int16).T.astype(np.int32)
    coded = [_bytes(steps << 1 ^ steps >> 15, 2), _bytes(_from_next_new(faces), 3)]
    lowest = []
    for values in values_mm:
        known = np.isfinite(values[order])
        lowest.append(float(np.floor(values[order][known].min() / VALUE_MM) * VALUE_MM) if known.any() else 0.0)
        codes = np.full(len(order), UNKNOWN)
        codes[known] = np.minimum(np.rint((values[order][known] - lowest[-1]) / VALUE_MM), UNKNOWN - 1)
        coded.append(_bytes(codes, 2))
    return PackedMesh(len(vertices), len(faces), tuple(origin.tolist()), step_mm, tuple(lowest), b"".join(coded))


def _by_first_use(faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices in the order in which the faces use them, and the faces with the new indices."""
    corners = faces.ravel()
    first = np.full(count, len(corners))
    first[corners[::-1]] = np.arange(len(corners))[::-1]  # of several assignments, the last one stays
    order = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(corners))]
    renumbered = np.empty(count, dtype=np.int64)
    renumbered[order] = np.arange(len(order))
    return order, renumbered[faces]


def _from_next_new(faces: np.ndarray) -> np.ndarray:
    """Return each corner's index as how far it lies below the first index not used before it."""
    corners = faces.ravel()
    following = np.concatenate([[0], np.maximum.accumulate(corners)[:-1] + 1])
    return following - corners


def _bytes(numbers: np.ndarray, size: int) -> bytes:
    """Return the lowest bytes of all numbers, then all next ones."""
    return np.ascontiguousarray(numbers.ravel().astype("<u4").view(np.uint8).reshape(-1, 4)[:, :size].T).tobytes()
