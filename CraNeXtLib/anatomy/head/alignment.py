"""Align one skull with another: rigidly, by a similarity or affinely, despite holes, a missing face or a cropped base.

The paper aligns affinely with ANTs (section V.A). Here the bone surfaces are matched instead, by iterative closest
points (Besl and McKay 1992) with the point-to-plane distance (Chen and Medioni 1992). The normals are part of the
match, so the inner table never sticks to the outer one, and robust weights keep bone that only one skull has from
pulling. On deformed skulls it was as accurate as ANTs (``Testing/benchmarks/categorization.py``); it takes about a
second and brings no second ITK into the process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.bone_surface import Surface
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine

_KINDS = ("rigid", "similarity", "affine")
# The search starts from each of these rotations about R, A and S; heads in a scanner are tilted by no more than that.
_START_ANGLES_DEG = [
    (0, 0, 0),
    (25, 0, 0),
    (-25, 0, 0),
    (50, 0, 0),
    (-50, 0, 0),
    (0, 0, 25),
    (0, 0, -25),
    (0, 25, 0),
    (0, -25, 0),
]
_START_SHIFTS_MM = (0.0, 25.0, -25.0)  # The search also starts from each of these shifts along the body axis.
# Heads whose sizes differ by more than this factor are first scaled to match; otherwise no pose fits.
_ODD_SIZE = 1.15
_LEVER_ARM_MM = 100.0
_SEARCH_SCALES_MM = (40, 30, 20, 15, 12, 10)


@dataclass(frozen=True, eq=False)
class Alignment:
    """A transform from a moving skull to a fixed one.

    Args:
        matrix: 4×4 matrix from RAS points of the moving skull to RAS points of the fixed skull, in mm.
        distance_mm: Median distance between the fixed skull's surface and the moved one's, in mm; below 3 mm for two
            adult skulls that fit.
    """

    matrix: np.ndarray
    distance_mm: float

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Map moving points of shape (N, 3) to fixed space."""
        return apply_affine(self.matrix, points)

    def inverse(self) -> Alignment:
        """Return the alignment from the fixed to the moving skull."""
        return Alignment(np.linalg.inv(self.matrix), self.distance_mm)


def align_surfaces(
    moving: Surface, fixed: Surface, *, kind: str = "similarity", start: Alignment | None = None
) -> Alignment:
    """Align a moving skull (usually a template) to a fixed one (usually a patient's, which may lack bone).

    Args:
        moving: Bone surface of one skull.
        fixed: Bone surface of the other skull, rotated relative to the first by up to about 50°.
        kind: ``"rigid"``, ``"similarity"`` (rigid and one scale) or ``"affine"``.
        start: A nearly correct alignment, which saves the search for one.

    Raises:
        InputError: If the kind is unknown.
    """
    if kind not in _KINDS:
        raise InputError(f"Unknown kind of alignment '{kind}'; choose one of {', '.join(_KINDS)}.")
    size = _size_of(fixed) / _size_of(moving)
    if kind != "rigid" and start is None and not 1 / _ODD_SIZE < size < _ODD_SIZE:
        scale = np.diag([size, size, size, 1.0])
        found = _align(moving.moved(scale), fixed, kind, None)
        return Alignment(found.matrix @ scale, found.distance_mm)
    return _align(moving, fixed, kind, start)


def _align(moving: Surface, fixed: Surface, kind: str, start: Alignment | None) -> Alignment:
    moving = moving.sample(20_000)
    tree = cKDTree(moving.features())
    coarse, medium, fine = fixed.sample(700), fixed.sample(1_500), fixed.sample(5_000)
    if start is None:
        # The search is rigid; scale and shear are only refined from the best pose.
        matrix = _search(moving, tree, coarse, _starts(moving, fixed))
        for stage in _KINDS[: _KINDS.index(kind)]:
            matrix = _refine(moving, tree, medium, matrix, stage, (10, 6, 4, 3))
    else:
        matrix = np.linalg.inv(start.matrix)
    matrix = _refine(moving, tree, fine, matrix, kind, (10, 8, 6, 5, 4, 4, 3, 3, 3, 3, 3, 3))
    return Alignment(np.linalg.inv(matrix), float(np.median(_Match.of(tree, fine, matrix).limited_mm)))


def _search(moving: Surface, tree: cKDTree, fixed: Surface, poses: list[np.ndarray]) -> np.ndarray:
    """Refine rigid poses step by step, drop the worse half after each step, and return the best."""
    generators = _generators("rigid")
    found = [_Match.of(tree, fixed, pose) for pose in poses]
    for scale in _SEARCH_SCALES_MM:
        found = [_Match.of(tree, fixed, _stepped(moving, match, generators, scale)) for match in found]
        found = sorted(found, key=lambda match: match.limited_mm.mean())[: max(len(found) // 2, 2)]
    return found[0].matrix


def _starts(moving: Surface, fixed: Surface) -> list[np.ndarray]:
    """Return fixed → moving maps to try: rotations about the centers of the upper skulls, with shifts along S."""
    centers = [_upper_center(surface) for surface in (moving, fixed)]
    starts = []
    for angles in _START_ANGLES_DEG:
        for shift in _START_SHIFTS_MM:
            matrix = np.eye(4)
            matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
            matrix[:3, 3] = centers[0] - matrix[:3, :3] @ centers[1] + (0, 0, shift)
            starts.append(matrix)
    return starts


def _size_of(surface: Surface) -> float:
    """Return the geometric mean of width and length of the upper 90 mm, in mm."""
    upper = surface.points[surface.points[:, 2] > np.percentile(surface.points[:, 2], 99.9) - 90]
    low, high = np.percentile(upper[:, :2], (0.5, 99.5), axis=0)
    return float(np.sqrt(np.prod(high - low)))


def _upper_center(surface: Surface) -> np.ndarray:
    """Return the center of the upper 120 mm, since scans end at very different levels below."""
    top = np.percentile(surface.points[:, 2], 99.9)
    upper = surface.points[surface.points[:, 2] > top - 120]
    return (np.percentile(upper, 0.5, axis=0) + np.percentile(upper, 99.5, axis=0)) / 2


def _generators(kind: str) -> np.ndarray:
    """Return the infinitesimal motions that generate a kind of transform, shape (K, 4, 4)."""
    basis = np.zeros((3, 4, 12))
    basis.reshape(12, 12)[np.arange(12), np.arange(12)] = 1
    units = [np.pad(basis[..., k], ((0, 1), (0, 0))) for k in range(12)]
    unit = {(row, column): units[4 * row + column] for row in range(3) for column in range(4)}
    if kind == "affine":
        return np.array(units)
    motions = [unit[axis, 3] for axis in range(3)]
    motions += [unit[a, b] - unit[b, a] for a, b in ((0, 1), (0, 2), (1, 2))]
    if kind == "similarity":
        motions.append(unit[0, 0] + unit[1, 1] + unit[2, 2])
    return np.array(motions)


@dataclass(frozen=True, eq=False)
class _Match:
    """The fixed points on the moving skull, and the point of that skull next to each.

    Args:
        matrix: The fixed → moving map, 4×4.
        placed: The fixed surface after the map.
        distances: Distance of each point from its partner in mm, with differing normals counted in, shape (N,).
        partners: Indices of the partners in the moving surface, shape (N,).
    """

    matrix: np.ndarray
    placed: Surface
    distances: np.ndarray
    partners: np.ndarray

    @classmethod
    def of(cls, tree: cKDTree, fixed: Surface, matrix: np.ndarray) -> _Match:
        """Find the partners in the tree of the moving surface's features."""
        placed = fixed.moved(matrix)
        return cls(matrix, placed, *tree.query(placed.features()))

    @property
    def limited_mm(self) -> np.ndarray:
        """The distances, at most 20 mm each."""
        return np.minimum(self.distances, 20.0)


def _refine(
    moving: Surface, tree: cKDTree, fixed: Surface, matrix: np.ndarray, kind: str, scales_mm: tuple[float, ...]
) -> np.ndarray:
    """Refine a fixed → moving map by one step per scale; see :func:`_stepped`."""
    generators = _generators(kind)
    for scale in scales_mm:
        matrix = _stepped(moving, _Match.of(tree, fixed, matrix), generators, scale)
    return matrix


def _stepped(moving: Surface, match: _Match, generators: np.ndarray, scale: float) -> np.ndarray:
    """Return a fixed → moving map after a Gauss-Newton step, which down-weights matches further off than the scale.

    Rotation, scale and shear are expressed as displacements at a lever arm of 100 mm, so that all parameters are in mm
    and of one order of magnitude.
    """
    points = match.placed.points
    weights = 1 / (1 + (match.distances / scale) ** 2) ** 2
    normals = moving.normals[match.partners]
    residuals = np.sum(normals * (moving.points[match.partners] - points), axis=1)
    center = points.mean(axis=0)
    local = np.hstack([points - center, np.full((len(residuals), 1), _LEVER_ARM_MM)])
    jacobian = np.einsum("ni,kij,nj->nk", normals, generators[:, :3], local)
    normal_matrix = (jacobian * weights[:, None]).T @ jacobian
    normal_matrix += 1e-6 * np.trace(normal_matrix) / len(generators) * np.eye(len(generators))
    step = np.linalg.solve(normal_matrix, jacobian.T @ (weights * residuals))
    motion = np.tensordot(step, generators, axes=1)
    motion[:3, 3] *= _LEVER_ARM_MM
    to_center, back = np.eye(4), np.eye(4)
    to_center[:3, 3], back[:3, 3] = -center, center
    stepped: np.ndarray = back @ expm(motion) @ to_center @ match.matrix
    return stepped
