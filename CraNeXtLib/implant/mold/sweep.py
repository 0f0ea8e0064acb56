"""The space that a part sweeps as it moves along the third axis without end: all of it that no half of a mold may fill.

It is the union of what lies behind each face that leads. Faces that overlap, seen along the axis, are where the part is
undercut; they are put into different layers, and each layer is swept as one surface with the part's own triangles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh, face_normals
from CraNeXtLib.geometry.solids import union
from CraNeXtLib.implant.mold.solids import extruded

if TYPE_CHECKING:
    from manifold3d import CrossSection, Manifold

_FLAT_MM2 = 1e-9  # smaller faces, seen along the axis, lead nowhere
_CELL_FACES = 1.5  # size of the cells in which overlapping faces are looked for, by that of the faces
_TOUCH_MM = 1e-7


def swept(mesh: Mesh, end: float) -> Manifold:
    """Return a part together with all that lies above or below it.

    Args:
        mesh: Surface of the part.
        end: Where the sweep ends on the third axis: above the part or below it.
    """
    layers = _layers_of(mesh, upward=end > mesh.vertices[:, 2].max())
    return union(extruded(mesh.vertices, faces, end) for faces, _ in layers)


def covered_twice(mesh: Mesh) -> CrossSection:
    """Return where lines along the third axis enter a part more than once, seen along them: where it is undercut."""
    from manifold3d import CrossSection

    outline = CrossSection()
    for faces, below in _layers_of(mesh, upward=True)[1:]:
        outline += _seen(mesh, faces) ^ _seen(mesh, below)
    return outline


def _seen(mesh: Mesh, faces: np.ndarray) -> CrossSection:
    """Return what faces cover that lead upward, seen along the third axis."""
    from manifold3d import CrossSection, FillRule

    return CrossSection(list(mesh.vertices[faces[:, ::-1], :2]), FillRule.NonZero)


def _layers_of(mesh: Mesh, *, upward: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the leading faces in layers whose faces do not overlap, each with the faces before it that they overlap.

    All arrays have shape (N, 3).
    """
    doubled_area = face_normals(mesh)[:, 2]
    leading = np.flatnonzero((-doubled_area if upward else doubled_area) > 2 * _FLAT_MM2)
    faces = mesh.faces[leading]
    one, other = _overlapping(mesh.vertices[faces][..., :2])
    layers = _layers(one, other, len(faces))
    one, other = np.where(layers[one] > layers[other], (one, other), (other, one))
    return [
        (faces[layers == number], faces[np.unique(other[layers[one] == number])])
        for number in range(layers.max(initial=0) + 1)
    ]


def _overlapping(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of triangles in a plane, shape (N, 3, 2), whose insides overlap, as two arrays of numbers."""
    low, high = triangles.min(axis=1), triangles.max(axis=1)
    cell = _CELL_FACES * float(np.median((high - low).max(axis=1)))
    first = np.floor((low - low.min(axis=0)) / cell).astype(np.int64)
    size = np.floor((high - low.min(axis=0)) / cell).astype(np.int64) - first + 1
    counts = size.prod(axis=1)
    face = np.repeat(np.arange(len(triangles)), counts)
    within = np.arange(len(face)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = first[face] + np.stack([within // size[face, 1], within % size[face, 1]], axis=1)
    key = place[:, 0] * (place[:, 1].max(initial=0) + 1) + place[:, 1]
    order = np.argsort(key, kind="stable")
    key, face = key[order], face[order]
    found = []
    for ahead in range(1, len(face)):
        same = np.flatnonzero(key[ahead:] == key[:-ahead])
        if not len(same):
            break
        one, other = face[same], face[same + ahead]
        boxes = ((low[one] < high[other]) & (low[other] < high[one])).all(axis=1)
        one, other = one[boxes], other[boxes]
        hit = _cross_each_other(triangles[one], triangles[other])
        found.append(np.stack([one[hit], other[hit]]))
    pairs = np.unique(np.concatenate(found, axis=1), axis=1) if found else np.zeros((2, 0), np.int64)
    return pairs[0], pairs[1]


def _cross_each_other(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which triangles of two lists, shape (N, 3, 2), overlap: no edge of either has the other one beyond it."""
    apart = np.zeros(len(first), bool)
    for one, other in ((first, second), (second, first)):
        for corner in range(3):
            edge = one[:, (corner + 1) % 3] - one[:, corner]
            normal = np.stack([-edge[:, 1], edge[:, 0]], axis=1)
            normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
            own = ((one[:, (corner + 2) % 3] - one[:, corner]) * normal).sum(axis=1)
            normal *= np.where(own < 0, -1, 1)[:, None]
            beyond = np.einsum("nij,nj->ni", other - one[:, corner, None], normal)
            apart |= (beyond <= _TOUCH_MM).all(axis=1)
    return ~apart


def _layers(one: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
    """Return the layer of each of so many faces, shape (count,), so that no two that overlap share one."""
    layers = np.zeros(count, int)
    rivals: dict[int, list[int]] = {}
    for first, second in zip(one.tolist(), other.tolist(), strict=True):
        rivals.setdefault(max(first, second), []).append(min(first, second))
    for face in sorted(rivals):
        taken = {int(layers[rival]) for rival in rivals[face]}
        layers[face] = next(number for number in range(count) if number not in taken)
    return layers
