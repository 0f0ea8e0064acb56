"""The mid-sagittal plane of a skull, found from its outer surface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.distance_field import FAR_MM, aligned_grid, distance, field_of
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

GRID_MM = 2.0
"""Spacing of the grid on which the plane is fitted."""
OUTLIER_MM = 4.0
"""A point whose mirror image lies farther from bone than this says nothing about the plane."""
TILT_DEG = 25.0
"""Largest tilt of a head in its scan, about each axis."""
SHIFT_MM = 15.0
"""Largest distance of the plane from the middle of the head."""

_LEAST_POINTS = 100
_BONE_OCCUPANCY = 0.4  # lets plates that are thinner than the grid count as bone
_VAULT_DEPTH = 0.4  # of the vault below the vertex, as a fraction of the skull's length
_DIRECTION_STEP_DEG = 3.0


@dataclass(frozen=True, eq=False)
class SymmetryPlane:
    """A mid-sagittal plane: the points whose scalar product with the normal is the offset.

    Args:
        normal: RAS unit vector to the patient's right, shape (3,).
        offset: Offset in mm.
    """

    normal: np.ndarray
    offset: float

    def mirror(self, points: np.ndarray) -> np.ndarray:
        """Return the mirror images of RAS points, shape (N, 3).

        >>> SymmetryPlane(np.array([1.0, 0, 0]), 2.0).mirror(np.array([[5.0, 6, 7]]))
        array([[-1.,  6.,  7.]])
        """
        return points - 2 * (points @ self.normal - self.offset)[:, None] * self.normal

    def distance_mm(self, points: np.ndarray) -> np.ndarray:
        """Return the distances of RAS points on either side, shape (N,).

        >>> SymmetryPlane(np.array([1.0, 0, 0]), 2.0).distance_mm(np.array([[5.0, 6, 7], [-1, 0, 0]]))
        array([3., 3.])
        """
        distances: np.ndarray = np.abs(points @ self.normal - self.offset)
        return distances

    @cached_property
    def matrix(self) -> np.ndarray:
        """4×4 matrix that mirrors RAS points."""
        matrix = np.eye(4)
        matrix[:3, :3] -= 2 * np.outer(self.normal, self.normal)
        matrix[:3, 3] = 2 * self.offset * self.normal
        return matrix


def symmetry_plane(skull: Volume, frame: SkullFrame) -> SymmetryPlane:
    """Find the plane that mirrors the outer surface of a brain case onto itself, whatever is missing on one side.

    It minimizes the mean distance of mirrored points of the vault to bone, where points beyond ``OUTLIER_MM`` count no
    more, starting from the middle of the head and tilts of up to 10°.

    Args:
        skull: Mask of the skull.
        frame: Its landmarks.

    Raises:
        InputError: If there is too little of a vault.
    """
    from scipy import optimize  # which takes 0.2 s to import

    reduced = shrink(skull, GRID_MM)
    bone = Volume(reduced.voxels >= min(_BONE_OCCUPANCY, reduced.voxels.max()), reduced.affine)
    grid = aligned_grid(bone.to_ras(np.argwhere(bone.voxels)), np.array([0, 0, 1.0]), margin_mm=10, step_mm=GRID_MM)
    bone_mm = distance(field_of(bone, grid))
    points = _outermost_points(frame)
    if len(points) < _LEAST_POINTS:
        raise InputError("Too little of the cranial vault is left to find its plane of symmetry.")

    def mismatch(parameters: np.ndarray) -> float:
        plane = _plane(parameters, frame.center)
        indices = grid.to_indices(plane.mirror(points)).T
        distances = ndimage.map_coordinates(bone_mm.voxels, indices, order=1, cval=FAR_MM, prefilter=False)
        return float(np.minimum(np.abs(distances), OUTLIER_MM).mean())

    starts = [np.array([yaw, roll, shift]) for yaw in (-10, 0, 10) for roll in (-10, 0, 10) for shift in (-4, 0, 4)]
    start = min(starts, key=mismatch)
    simplex = start + np.vstack([np.zeros(3), np.diag([4.0, 4.0, 3.0])])
    found = optimize.minimize(
        mismatch, start, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 0.02, "fatol": 1e-4}
    )
    limits = np.array([TILT_DEG, TILT_DEG, SHIFT_MM])
    return _plane(np.clip(found.x, -limits, limits), frame.center)


def _plane(parameters: np.ndarray, center: np.ndarray) -> SymmetryPlane:
    """Return the plane of a rotation about S and about A, in degrees, and a shift to the right of the center, in mm."""
    yaw, roll = np.deg2rad(parameters[:2])
    normal = np.array([np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])
    return SymmetryPlane(normal, float(center @ normal + parameters[2]))


def _outermost_points(frame: SkullFrame) -> np.ndarray:
    """Return the outermost bone of the vault in directions about 3° apart, RAS mm, shape (N, 3)."""
    points = frame.points[frame.points[:, 2] > frame.level(_VAULT_DEPTH)]
    offsets = points - frame.center
    radii = np.linalg.norm(offsets, axis=1)
    step = np.deg2rad(_DIRECTION_STEP_DEG)
    cells = np.round(offsets / np.maximum(radii, 1e-6)[:, None] / step).astype(int)
    order = np.lexsort((-radii, *cells.T))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(cells[order], axis=0) != 0).any(axis=1)
    return points[order[first]]
