"""Where the vault of a skull lies: its vertex, extents and surface, whatever the scan's field of view."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from CraNeXtLib.anatomy.head.radial_view import extreme_radii
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.resampling import voxels_within
from CraNeXtLib.geometry.volume import Volume

VAULT_HEIGHT_MM = 90.0  # below the vertex; holds the widest and longest levels of an adult vault
CENTER_DEPTH = 0.45  # of the length, below the vertex: about the middle of the brain case
BASE_DEPTH = 0.5  # of the length: orbital roofs, sphenoid and petrous bones begin about here
SAMPLING_MM = 2.5
SPECKS_MM3 = 500.0  # what may stick out of the head without moving a landmark
RAY_RADIUS_MM = 5.0
OUTLINE_DEG = 6.0
_OUTLINE_SHAPE = (round(360 / OUTLINE_DEG), round(180 / OUTLINE_DEG))
OUTLINE_CLOSING = 7  # bins; wide enough to span an orbit
PLATE_MM = 15.0  # bone this close to the outermost bone on a ray belongs to the vault


@dataclass(frozen=True, eq=False)
class SkullFrame:
    """Landmarks of one skull, in millimetres, along the directions of the scanner or of the head itself.

    Scans end at different levels of the face or neck, so all is measured from the vertex downwards.

    Attributes:
        center: Center of the vault, shape (3,).
        length: Front to back, in mm.
        width: Left to right, in mm.
        vertex: S coordinate of the top of the head, in mm.
        points: Bone, sampled about every 2.5 mm, shape (N, 3).
        rotation: Rotation that was applied to the skull's RAS points, shape (3, 3).
    """

    center: np.ndarray
    length: float
    width: float
    vertex: float
    points: np.ndarray
    rotation: np.ndarray = field(default_factory=lambda: np.eye(3))

    def level(self, depth: float) -> float:
        """Return the S coordinate, in mm, that lies this fraction of the skull's length below the vertex."""
        return self.vertex - depth * self.length

    @property
    def base(self) -> float:
        """S coordinate, in mm, below which bone counts as skull base or face."""
        return self.level(BASE_DEPTH)

    def direction(self, azimuth: float, elevation: float) -> np.ndarray:
        """Return the RAS unit vector from the center towards a place on the vault.

        Args:
            azimuth: Degrees from the front; positive to the patient's right, 180 is the back.
            elevation: Degrees above the level of the center; 90 is the vertex.
        """
        a, e = np.deg2rad([azimuth, elevation])
        radii = np.array([self.width / 2, self.length / 2, CENTER_DEPTH * self.length])
        towards = radii * [np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)]
        return towards / np.linalg.norm(towards)

    def surface(self, direction: np.ndarray) -> np.ndarray:
        """Return the middle of the vault's bone on a ray from the center, RAS mm, shape (3,).

        Where the ray meets no bone, the point lies on the vault's ellipsoid.
        """
        offsets = self.points - self.center
        along = offsets @ direction
        near = (along > 0) & (np.einsum("ij,ij->i", offsets, offsets) - along**2 < RAY_RADIUS_MM**2)
        if not near.any():
            radii = np.array([self.width / 2, self.length / 2, CENTER_DEPTH * self.length])
            return self.center + direction / np.linalg.norm(direction / radii)
        distances = along[near]
        return self.center + direction * np.median(distances[distances > distances.max() - PLATE_MM])

    def depth(self, points: np.ndarray) -> np.ndarray:
        """Return how far points lie below the outline of the head, in mm, seen from the center.

        The outline spans the orbits, so that their roofs lie deep and the forehead does not.

        Args:
            points: RAS mm relative to the center, shape (N, 3).
        """
        return self._outline[_direction_bins(points)] - np.linalg.norm(points, axis=1).astype(np.float32)

    @cached_property
    def _outline(self) -> np.ndarray:
        """Distance of the outermost bone from the center, in mm, by azimuth and elevation; the face left out."""
        from scipy.ndimage import maximum_filter

        points = self.points[self.points[:, 2] > self.level(BASE_DEPTH + 0.05)] - self.center
        cells = np.ravel_multi_index(_direction_bins(points), _OUTLINE_SHAPE)
        outline = extreme_radii(cells, np.linalg.norm(points, axis=1), _OUTLINE_SHAPE, np.maximum)
        return maximum_filter(np.maximum(outline, 0), OUTLINE_CLOSING, mode=("wrap", "nearest"))


def _direction_bins(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bins of azimuth and elevation of points about the center, shape (N, 3)."""
    azimuth = np.arctan2(points[:, 0], points[:, 1]) + np.pi
    elevation = np.arctan2(points[:, 2], np.hypot(points[:, 0], points[:, 1])) + np.pi / 2
    step = np.deg2rad(OUTLINE_DEG)
    bins = [(angle / step).astype(int) for angle in (azimuth, elevation)]
    return bins[0] % _OUTLINE_SHAPE[0], np.minimum(bins[1], _OUTLINE_SHAPE[1] - 1)


def skull_frame(skull: Volume, rotation: np.ndarray | None = None) -> SkullFrame:
    """Find the landmarks of a skull mask of any resolution and orientation.

    Args:
        skull: The mask.
        rotation: Rotation that brings the head upright, shape (3, 3); without it the head is taken as it was scanned.

    Raises:
        InputError: If the mask holds next to no bone.
    """
    steps = voxels_within(SAMPLING_MM, skull.spacing)
    sampled = skull.voxels[tuple(slice(None, None, step) for step in steps)] != 0
    rotation = np.eye(3) if rotation is None else rotation
    points = skull.to_ras(np.argwhere(sampled) * steps) @ rotation.T
    specks = int(SPECKS_MM3 / (skull.voxel_volume_mm3 * steps.prod())) + 1
    if len(points) < 10 * specks:
        raise InputError("The skull mask is empty or nearly so; give a mask of a whole skull vault.")
    vertex = _extent(points[:, 2], specks)[1]
    vault = points[points[:, 2] > vertex - VAULT_HEIGHT_MM]
    (left, right), (back, front) = _extent(vault[:, 0], specks), _extent(vault[:, 1], specks)
    length = front - back
    center = np.array([(left + right) / 2, (back + front) / 2, vertex - CENTER_DEPTH * length])
    return SkullFrame(center=center, length=length, width=right - left, vertex=vertex, points=points, rotation=rotation)


def _extent(coordinates: np.ndarray, specks: int) -> tuple[float, float]:
    """Return the lowest and highest coordinate after leaving out as many extreme points on each side."""
    ordered = np.partition(coordinates, [specks, len(coordinates) - 1 - specks])
    return float(ordered[specks]), float(ordered[len(coordinates) - 1 - specks])
