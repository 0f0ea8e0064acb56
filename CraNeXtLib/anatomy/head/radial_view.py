"""The head as seen from its middle: the one ray caster, azimuthal projections, and maps of what the rays meet.

A vault is a sheet that rays from the middle of the brain case cross once. Seen from there, a hole is a spot without a
hit, a step is a jump of the outer radius, and thickness is a length along a ray, so two-dimensional filters find them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mask import mask
from CraNeXtLib.geometry.volume import Volume, memory_order

CELL_MM = 1.0
"""Distance between neighboring rays of a window, at the median distance of what it shows."""
STEP_MM = 0.5
"""Distance between samples along a ray of a window."""
_MARGIN_MM = 25.0  # A window reaches this far beyond what it shows.
_NEAREST_MM = 10.0  # Rays of a window start this far from the center.
_WIDEST_ANGLE = np.deg2rad(170.0)  # The corner of a window is no further than this from its axis.
_RAYS_AT_ONCE = 256  # What is computed for these stays in the processor's cache; it does not affect the result.


@dataclass(frozen=True)
class Projection:
    """An azimuthal projection of directions about the axis +z onto a plane, in which the unit is one radian.

    Attributes:
        across: Maps the distance ρ from the axis in the plane to the factor between plane coordinates and the
            components of the unit vector across the axis.
        along: Maps ρ to the component of the unit vector along the axis.
    """

    across: Callable[[np.ndarray], np.ndarray]
    along: Callable[[np.ndarray], np.ndarray]

    def directions(self, half: tuple[int, int], cell: float) -> np.ndarray:
        """Return the unit vectors of a square raster about the axis.

        Args:
            half: Number of cells from the middle to each of the two sides, (M, N).
            cell: Side of a cell in the plane, in radians.

        Returns:
            Shape (2 M + 1, 2 N + 1, 3).
        """
        u, v = np.meshgrid(*(np.arange(-n, n + 1) * cell for n in half), indexing="ij")
        distance = np.hypot(u, v)
        factor = self.across(distance)
        return np.stack([u * factor, v * factor, self.along(distance)], axis=-1)


EQUIDISTANT = Projection(across=lambda distance: np.sinc(distance / np.pi), along=np.cos)
"""Azimuthal equidistant: the distance from the middle of the image is the angle to the axis."""

EQUAL_AREA = Projection(
    across=lambda distance: np.sqrt(np.maximum(1 - distance**2 / 4, 0)),
    along=lambda distance: 1 - distance**2 / 2,
)
"""Lambert's azimuthal equal-area: every cell stands for the same solid angle. No direction is further away than 2."""


@dataclass(frozen=True, eq=False)
class RayHits:
    """What rays meet in one mask.

    Args:
        samples: Whether each sample on each ray lies in the mask, shape (..., R).
        radii: Distance of each sample from the center in mm, evenly spaced, shape (R,).
    """

    samples: np.ndarray
    radii: np.ndarray

    @cached_property
    def hit_mask(self) -> np.ndarray:
        """Whether a ray meets the mask, shape (...)."""
        return np.asarray(self.samples.any(axis=-1))

    @cached_property
    def inner(self) -> np.ndarray:
        """Distance at which a ray first meets the mask, in mm; NaN where it does not."""
        return np.where(self.hit_mask, self.radii[self.samples.argmax(axis=-1)], np.nan)

    @cached_property
    def outer(self) -> np.ndarray:
        """Distance at which a ray leaves the mask for good, in mm; NaN where it does not meet it."""
        last = len(self.radii) - 1 - self.samples[..., ::-1].argmax(axis=-1)
        return np.where(self.hit_mask, self.radii[last], np.nan)

    def material(self, beneath_mm: float = np.inf) -> np.ndarray:
        """Return the length of each ray inside the mask, in mm, no further beneath the outer surface than given."""
        near = self.radii > (self.outer - beneath_mm)[..., None]
        return (self.samples & near).sum(axis=-1) * float(self.radii[1] - self.radii[0])


def cast(*masks: Volume, center: np.ndarray, directions: np.ndarray, radii: np.ndarray) -> tuple[RayHits, ...]:
    """Follow rays through masks and look up the nearest voxel to each sample.

    The positions of the samples are computed in the precision of ``radii``: single precision is twice as fast.

    Args:
        masks: Masks of one geometry.
        center: Where the rays start, RAS mm, shape (3,).
        directions: Unit vectors of the rays, RAS, shape (..., 3).
        radii: Distances of the samples from the center, in mm, increasing, shape (R,).

    Returns:
        The hits in each mask, with samples of shape (..., R). Outside a mask nothing is hit.
    """
    grid = masks[0]
    start = grid.to_indices(center[None])[0]
    steps = directions @ np.linalg.inv(grid.affine[:3, :3]).T
    voxels = [mask(volume) for volume in masks]
    rays = steps.reshape(-1, 3).astype(radii.dtype)
    hits = [np.empty((len(rays), len(radii)), dtype=bool) for _ in masks]
    orders = [memory_order(values) for values in voxels]  # each in its own: a whole volume is not copied then
    flat = [values.ravel(order) for values, order in zip(voxels, orders, strict=True)]
    for part in ray_parts(len(rays)):
        indices = tuple(np.rint(axis).astype(np.intp) for axis in positions_on_rays(start, rays[part], radii))
        # As an unsigned number, an index below 0 is larger than any size.
        inside = np.logical_and.reduce([i.view(np.uintp) < size for i, size in zip(indices, grid.shape, strict=True)])
        offsets = {order: np.ravel_multi_index(indices, grid.shape, mode="clip", order=order) for order in {*orders}}
        for samples, values, order in zip(hits, flat, orders, strict=True):
            samples[part] = values[offsets[order]] & inside
    return tuple(RayHits(samples.reshape(*directions.shape[:-1], -1), radii) for samples in hits)


def ray_parts(count: int) -> Iterator[slice]:
    """Yield slices that divide so many rays into parts of limited size."""
    return (slice(first, first + _RAYS_AT_ONCE) for first in range(0, count, _RAYS_AT_ONCE))


def positions_on_rays(start: np.ndarray, steps: np.ndarray, radii: np.ndarray) -> list[np.ndarray]:
    """Return the positions of samples on rays through an array, axis by axis.

    Args:
        start: Where the rays start, in voxel indices, shape (3,).
        steps: Voxel indices that a ray crosses per mm, shape (N, 3).
        radii: Distances of the samples from the start, in mm, shape (R,).

    Returns:
        Fractional voxel indices along each of the three axes, shape (N, R).
    """
    return [steps[:, axis, None] * radii + start[axis] for axis in range(3)]


def extreme_radii(cells: np.ndarray, radii: np.ndarray, shape: tuple[int, int], extreme: np.ufunc) -> np.ndarray:
    """Return the smallest or largest radius of the points in each cell of a map of directions.

    Where all bone is at hand as points, this stands in for a cast: it follows no ray and costs milliseconds.

    Args:
        cells: Flat index of the cell that each point lies in, shape (N,).
        radii: Distance of each point from the center, in mm, shape (N,).
        shape: Shape of the map.
        extreme: ``np.minimum`` or ``np.maximum``.

    Returns:
        Radii in mm, float32, of the given shape; infinite where there is no point, negative for the largest.
    """
    result = np.full(shape, np.inf if extreme is np.minimum else -np.inf, dtype=np.float32)
    extreme.at(result.reshape(-1), cells, radii)
    return result


@dataclass(frozen=True, eq=False)
class RadialView:
    """A window of rays from a point in the head, in azimuthal equidistant projection.

    Attributes:
        center: Where the rays start, RAS mm, shape (3,).
        directions: Unit vectors of the rays, RAS, shape (U, V, 3).
        cell: Angle between neighboring rays at the middle of the window, in radians.
        radii: Distances of the samples on every ray from the center, in mm, shape (R,).
    """

    center: np.ndarray
    directions: np.ndarray
    cell: float
    radii: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rays along the two sides of the window."""
        rows, columns, _ = self.directions.shape
        return rows, columns

    @cached_property
    def solid_angles(self) -> np.ndarray:
        """Solid angle of every ray's cell, in steradians, shape (U, V)."""
        middle = (np.array(self.shape) - 1) / 2
        u, v = np.meshgrid(*(np.arange(n) - m for n, m in zip(self.shape, middle, strict=True)), indexing="ij")
        angle = np.hypot(u, v) * self.cell
        return self.cell**2 * np.sinc(angle / np.pi)

    def point(self, cell: tuple[int, int], radius: float) -> tuple[float, float, float]:
        """Return the RAS point, in mm, on a ray at a distance from the center."""
        r, a, s = np.round(self.center + self.directions[cell] * radius, 2).tolist()
        return r, a, s

    def cast(self, *masks: Volume) -> tuple[RayHits, ...]:
        """Follow every ray through masks of one geometry."""
        return cast(*masks, center=self.center, directions=self.directions, radii=self.radii)


def view_around(points: np.ndarray, center: np.ndarray) -> RadialView:
    """Return a window of rays that holds points and 25 mm around them.

    Args:
        points: What to show, RAS mm, shape (N, 3).
        center: Where the rays start, RAS mm, shape (3,).

    Raises:
        InputError: If there are no points.
    """
    if not len(points):
        raise InputError("The implant is empty; there is nothing to look at.")
    offsets = points - center
    distances = np.linalg.norm(offsets, axis=1)
    offsets, distances = offsets[distances > _NEAREST_MM], distances[distances > _NEAREST_MM]
    axes = _axes(offsets.mean(axis=0))
    sideways = offsets @ axes[:2].T
    angles = np.arccos(np.clip(offsets @ axes[2] / distances, -1, 1))
    plane = sideways * (angles / np.maximum(np.linalg.norm(sideways, axis=1), 1e-9))[:, None]

    distance = float(np.median(distances))
    cell = CELL_MM / distance
    reach = np.minimum(np.abs(plane).max(axis=0) + _MARGIN_MM / distance, _WIDEST_ANGLE / np.sqrt(2))
    rows, columns = np.ceil(reach / cell).astype(int)
    return RadialView(
        center=center,
        directions=EQUIDISTANT.directions((rows, columns), cell) @ axes,
        cell=cell,
        radii=np.arange(_NEAREST_MM, float(distances.max()) + _MARGIN_MM, STEP_MM, dtype=np.float32),
    )


def _axes(towards: np.ndarray) -> np.ndarray:
    """Return three orthonormal rows, the last in the given direction."""
    last = towards / np.linalg.norm(towards)
    first = np.cross(np.eye(3)[np.argmin(np.abs(last))], last)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(last, first), last])
