"""Landmarks of the vault: its vertex, extents, center and surface, whatever the scan's field of view.

Three points stand for the middle of a head, and "outward" is always the direction away from one of them:

* :attr:`SkullFrame.center`, the center of the vault, is measured from the skull's own bone. Whatever looks at the vault
  starts here: the checklist's rays, the fit check, pictures, grids and synthetic defects.
* :attr:`CraNeXtLib.anatomy.head.pose.HeadPose.template_center` is the center of the registered template. What is
  reported about a defect refers to it, so that a report does not depend on how much bone is missing.
* :func:`CraNeXtLib.implant.outward.box_center` is the center of a mask's bounding box. Finishing and the measures of an
  implant use it: it needs no whole vault, but it moves with the scan's field of view.

They lie some millimeters apart, so replacing one with another changes results slightly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from CraNeXtLib.anatomy.head.proportions import BASE_DEPTH, CENTER_DEPTH, VAULT_HEIGHT_MM
from CraNeXtLib.anatomy.head.radial_view import extreme_radii
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.resampling import voxels_within
from CraNeXtLib.geometry.volume import Volume

_SAMPLING_MM = 2.5
_SPECKS_MM3 = 500.0  # This much may stick out of the head without moving a landmark.
_RAY_RADIUS_MM = 5.0
_OUTLINE_DEG = 6.0
_OUTLINE_SHAPE = (round(360 / _OUTLINE_DEG), round(180 / _OUTLINE_DEG))
_OUTLINE_CLOSING = 7  # This many bins span an orbit.
_PLATE_MM = 15.0  # Bone this close to the outermost bone on a ray belongs to the vault.


@dataclass(frozen=True, eq=False)
class SkullFrame:
    """Landmarks of one skull, in millimeters, along the axes of the scanner or of the head itself.

    Scans end at different levels of the face or neck, so everything is measured from the vertex downward.

    Attributes:
        center: Center of the vault, shape (3,): halfway between its sides and ends, and below the vertex.
        length: Front to back, in mm.
        width: Left to right, in mm.
        vertex: S coordinate of the top of the head, in mm.
        points: Points in bone, about every 2.5 mm, shape (N, 3).
        rotation: Rotation from the skull's RAS axes to the axes of the frame, shape (3, 3).
    """

    center: np.ndarray
    length: float
    width: float
    vertex: float
    points: np.ndarray
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))

    def level(self, depth: float) -> float:
        """Return the S coordinate, in mm, at a fraction of the skull's length below the vertex."""
        return self.vertex - depth * self.length

    @property
    def base(self) -> float:
        """S coordinate, in mm, below which bone counts as skull base or face."""
        return self.level(BASE_DEPTH)

    def direction(self, azimuth: float, elevation: float) -> np.ndarray:
        """Return the RAS unit vector from the center toward a point on the vault.

        Args:
            azimuth: Degrees from the front; positive to the patient's right; 180 is the back.
            elevation: Degrees above the level of the center; 90 is the vertex.
        """
        a, e = np.deg2rad([azimuth, elevation])
        radii = np.array([self.width / 2, self.length / 2, CENTER_DEPTH * self.length])
        toward = radii * [np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)]
        return toward / np.linalg.norm(toward)

    def surface(self, direction: np.ndarray) -> np.ndarray:
        """Return the middle of the vault's bone on a ray from the center, RAS mm, shape (3,).

        Where there is no bone, the point lies on the ellipsoid of the vault's extents.

        Args:
            direction: Unit vector of the ray, RAS, shape (3,).
        """
        offsets = self.points - self.center
        along = offsets @ direction
        near = (along > 0) & (np.einsum("ij,ij->i", offsets, offsets) - along**2 < _RAY_RADIUS_MM**2)
        if not near.any():
            radii = np.array([self.width / 2, self.length / 2, CENTER_DEPTH * self.length])
            return self.center + direction / np.linalg.norm(direction / radii)
        distances = along[near]
        return self.center + direction * np.median(distances[distances > distances.max() - _PLATE_MM])

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Return the depth of points below the outline of the head along rays from the center, in mm, shape (N,).

        The outline spans the orbits, so their roofs are deep and the forehead is not.

        Args:
            points: RAS mm relative to the center, shape (N, 3).
        """
        return self._outline[_direction_bins(points)] - np.linalg.norm(points, axis=1).astype(np.float32)

    @cached_property
    def _outline(self) -> np.ndarray:
        """Distance of the outermost bone from the center, in mm, by azimuth and elevation, without the face."""
        from scipy.ndimage import maximum_filter

        points = self.points[self.points[:, 2] > self.level(BASE_DEPTH + 0.05)] - self.center
        cells = np.ravel_multi_index(_direction_bins(points), _OUTLINE_SHAPE)
        outline = extreme_radii(cells, np.linalg.norm(points, axis=1), _OUTLINE_SHAPE, np.maximum)
        return maximum_filter(np.maximum(outline, 0), _OUTLINE_CLOSING, mode=("wrap", "nearest"))


def _direction_bins(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bins of azimuth and elevation of points relative to the center, shape (N, 3)."""
    azimuth = np.arctan2(points[:, 0], points[:, 1]) + np.pi
    elevation = np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])) + np.pi / 2
    step = np.deg2rad(_OUTLINE_DEG)
    bins = [(angle / step).astype(int) for angle in (azimuth, elevation)]
    return bins[0] % _OUTLINE_SHAPE[0], np.minimum(bins[1], _OUTLINE_SHAPE[1] - 1)


def skull_frame(skull: Volume, rotation: np.ndarray | None = None) -> SkullFrame:
    """Find the landmarks of a skull mask of any resolution and orientation.

    It takes about ten milliseconds, so callers find them again instead of passing them on.

    Args:
        skull: The mask.
        rotation: Rotation that brings the head upright, shape (3, 3); by default the scanner's axes are used.

    Raises:
        InputError: If the mask contains almost no bone.
    """
    steps = voxels_within(_SAMPLING_MM, skull.spacing)
    sampled = skull.voxels[tuple(slice(None, None, step) for step in steps)] != 0
    rotation = np.eye(3) if rotation is None else rotation
    points = skull.to_ras(np.argwhere(sampled) * steps) @ rotation.T
    specks = int(_SPECKS_MM3 / (skull.voxel_volume_mm3 * steps.prod())) + 1
    if len(points) < 10 * specks:
        raise InputError("The skull mask is empty or nearly so; give a mask of a whole skull vault.")
    vertex = _extent(points[:, 2], specks)[1]
    vault = points[points[:, 2] > vertex - VAULT_HEIGHT_MM]
    (left, right), (back, front) = _extent(vault[:, 0], specks), _extent(vault[:, 1], specks)
    length = front - back
    center = np.array([(left + right) / 2, (back + front) / 2, vertex - CENTER_DEPTH * length])
    return SkullFrame(center=center, length=length, width=right - left, vertex=vertex, points=points, rotation=rotation)


def _extent(coordinates: np.ndarray, specks: int) -> tuple[float, float]:
    """Return the lowest and highest coordinate without the most extreme points, so many on each side."""
    ordered = np.partition(coordinates, [specks, len(coordinates) - 1 - specks])
    return float(ordered[specks]), float(ordered[len(coordinates) - 1 - specks])
