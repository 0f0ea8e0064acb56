"""The brain case unrolled into images: where rays from its center enter and leave the bone.

A brain case is star-shaped: every ray from its middle crosses the bone once. So two images hold all of it, the radius
of the outer surface and the thickness, with nothing lost to voxels. The image is Lambert's azimuthal equal-area
projection about the vertex, so a pixel covers the same area anywhere on the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.radial_view import EQUAL_AREA, positions_on_rays, ray_parts
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.volume import Volume

RADIUS_MM = 80.0
"""Radius of the sphere on which pixels are measured."""
FIRST_MM, LAST_MM, STEP_MM = 25.0, 135.0, 0.5
# This much air along a ray ends the bone. Diploë, air cells and sinuses have less, the gap below the zygoma has more.
_GAP_MM = 8.0


@dataclass(frozen=True)
class RadialGrid:
    """Pixels and the directions they stand for.

    Args:
        pixel_mm: Side of a pixel on a sphere of 80 mm radius.
        angle_deg: Angle from the vertex to the edge of the image.
    """

    pixel_mm: float = 2.0
    angle_deg: float = 135.0

    @cached_property
    def half(self) -> int:
        """Number of pixels from the middle to the side of the image."""
        return int(np.ceil(self._edge * RADIUS_MM / self.pixel_mm))

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the image: pixels from left to right, and from back to front."""
        return (2 * self.half + 1, 2 * self.half + 1)

    @cached_property
    def directions(self) -> np.ndarray:
        """Unit vectors in RAS, shape (U, V, 3); NaN outside the disk."""
        cell = self.pixel_mm / RADIUS_MM
        directions = EQUAL_AREA.directions((self.half, self.half), cell)
        side = np.arange(-self.half, self.half + 1) * cell
        directions[np.hypot(side[:, None], side) > self._edge] = np.nan
        return directions

    def pixels(self, directions: np.ndarray) -> np.ndarray:
        """Return the fractional pixels of unit vectors of shape (..., 3), as shape (2, ...)."""
        scale = np.sqrt(2 / np.maximum(1 + directions[..., 2], 1e-6)) * (RADIUS_MM / self.pixel_mm)
        return np.stack([directions[..., 0] * scale, directions[..., 1] * scale]) + self.half

    @property
    def _edge(self) -> float:
        """Distance of the image's edge from its middle, in the projection's plane."""
        return float(2 * np.sin(np.deg2rad(self.angle_deg) / 2))


def cast_radial_maps(
    occupancy: Volume, center: np.ndarray, directions: np.ndarray, to_patient: np.ndarray
) -> np.ndarray:
    """Return where rays enter and leave the bone.

    It shares the positions on rays with :func:`CraNeXtLib.anatomy.head.radial_view.cast`, but interpolates occupancy
    instead of looking up the nearest voxel of a mask, because a shape model needs surfaces to a fraction of a voxel.

    Args:
        occupancy: Fraction of every voxel that is bone, 0 to 1; outside the volume there is none.
        center: Where the rays start, in the model's space, mm, shape (3,).
        directions: Unit vectors in the model's space, shape (N, 3).
        to_patient: 4×4 matrix from the model's space to RAS.

    Returns:
        Radius of the outer surface and thickness, in mm of the model's space, shape (2, N); NaN where there is no bone.
    """
    radii = np.arange(FIRST_MM, LAST_MM, STEP_MM)
    matrix = np.linalg.inv(occupancy.affine) @ to_patient
    start = 1 + apply_affine(matrix, center)
    steps = directions @ matrix[:3, :3].T
    values = np.pad(occupancy.voxels, 1)
    maps = []
    for part in ray_parts(len(steps)):
        positions = np.stack(positions_on_rays(start, steps[part], radii))
        maps.append(_first_bone(radii, ndimage.map_coordinates(values, positions, order=1)))
    return np.concatenate(maps, axis=1)


def _first_bone(radii: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return outer radius and thickness of the first bone on each ray, shape (2, N)."""
    bone = samples >= 0.5
    index, rays = np.arange(len(radii)), np.arange(len(samples))
    first = bone.argmax(axis=1)
    latest = np.maximum.accumulate(np.where(bone, index, -1), axis=1)
    ended = (latest >= 0) & (index - latest > _GAP_MM / STEP_MM)
    end = np.where(ended.any(axis=1), ended.argmax(axis=1), len(radii) - 1)
    last = latest[rays, end]
    inner = radii[first] - STEP_MM * _beyond(samples, rays, first, np.maximum(first - 1, 0))
    outer = radii[last] + STEP_MM * _beyond(samples, rays, last, np.minimum(last + 1, len(radii) - 1))
    result = np.stack([outer, outer - inner])
    result[:, ~bone.any(axis=1)] = np.nan
    return result


def _beyond(samples: np.ndarray, rays: np.ndarray, bone: np.ndarray, air: np.ndarray) -> np.ndarray:
    """Return the fraction of a step from a sample in bone to the surface before its neighbor in air."""
    high, low = samples[rays, bone], samples[rays, air]
    return np.where(high > low, (high - 0.5) / np.maximum(high - low, 1e-6), 0).clip(0, 1)
