"""The vault as seen from the middle of the brain case: maps of where rays meet and leave a mask.

Around a defect the vault is a sheet that rays from the middle cross once. Seen from there, a hole is a spot without a
hit, a step a jump of the outer radius, and thickness a length along a ray, so that two-dimensional filters find them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, box_around
from CraNeXtLib.geometry.mask import mask, surface_indices
from CraNeXtLib.geometry.volume import Volume

CELL_MM = 1.0  # between rays, at the implant's distance
STEP_MM = 0.5  # along a ray
MARGIN_MM = 25.0  # of skull around the implant
NEAREST_MM = 10.0  # from the center
WIDEST_ANGLE = np.deg2rad(170.0)


@dataclass(frozen=True, eq=False)
class CavityView:
    """A window of rays from a point in the head, in azimuthal equidistant projection.

    Attributes:
        grid: A volume of the geometry that is looked at.
        center: Where the rays start, RAS mm, shape (3,).
        directions: Unit vectors of the rays, RAS, shape (U, V, 3).
        cell: Angle between neighbouring rays at the middle of the window, in radians.
        farthest_mm: Length of the rays.
    """

    grid: Volume
    center: np.ndarray
    directions: np.ndarray
    cell: float
    farthest_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rays along the two sides of the window."""
        return self.directions.shape[:2]

    @cached_property
    def solid_angles(self) -> np.ndarray:
        """Solid angle of every ray's cell, in steradians, shape (U, V)."""
        middle = (np.array(self.shape) - 1) / 2
        u, v = np.meshgrid(*(np.arange(n) - m for n, m in zip(self.shape, middle, strict=True)), indexing="ij")
        angle = np.hypot(u, v) * self.cell
        return self.cell**2 * np.sinc(angle / np.pi)

    def point(self, cell: tuple[int, int], radius: float) -> tuple[float, float, float]:
        """Return the RAS point, in mm, on a ray at a distance from the center."""
        return tuple(np.round(self.center + self.directions[cell] * radius, 2).tolist())

    @cached_property
    def radii(self) -> np.ndarray:
        """Distances of the samples on every ray from the center, in mm, shape (R,)."""
        return np.arange(NEAREST_MM, self.farthest_mm, STEP_MM, dtype=np.float32)

    def cast(self, volume: Volume) -> RayHits:
        """Follow every ray through a mask that has the geometry of the view's skull."""
        box, offsets, inside = self._samples
        return RayHits(np.ascontiguousarray(mask(volume)[box]).ravel()[offsets] & inside, self.radii)

    @cached_property
    def _samples(self) -> tuple[Box, np.ndarray, np.ndarray]:
        """Where the samples lie: a box of the volume, offsets into it and whether they are in it, both (U, V, R)."""
        start = self.grid.to_indices(self.center[None])[0]
        towards = self.directions @ np.linalg.inv(self.grid.affine[:3, :3]).T
        reach = start + towards.reshape(-1, 3) * self.radii[-1]
        box = box_around(np.vstack([start, reach]), self.grid.shape)
        offsets, inside = np.zeros((*self.shape, len(self.radii)), dtype=np.int32), True
        for axis, side in enumerate(box):
            size = side.stop - side.start
            index = np.rint(towards[..., axis, None].astype(np.float32) * self.radii + (start[axis] - side.start))
            inside = inside & (index >= 0) & (index < size)
            offsets = offsets * size + np.clip(index, 0, size - 1).astype(np.int32)
        return box, offsets, inside


@dataclass(frozen=True, eq=False)
class RayHits:
    """What the rays of a view meet in one mask.

    Args:
        samples: Whether each sample lies in the mask, shape (U, V, R).
        radii: Distance of each sample from the center in mm, shape (R,).
    """

    samples: np.ndarray
    radii: np.ndarray

    @cached_property
    def hit_mask(self) -> np.ndarray:
        """Whether a ray meets the mask, shape (U, V)."""
        return self.samples.any(axis=-1)

    @cached_property
    def inner(self) -> np.ndarray:
        """Distance at which a ray first meets the mask, in mm; NaN where it does not."""
        return np.where(self.hit_mask, self.radii[self.samples.argmax(axis=-1)], np.nan)

    @cached_property
    def outer(self) -> np.ndarray:
        """Distance at which a ray leaves the mask for good, in mm; NaN where it does not meet it."""
        return np.where(
            self.hit_mask, self.radii[len(self.radii) - 1 - self.samples[..., ::-1].argmax(axis=-1)], np.nan
        )

    def material(self, beneath_mm: float = np.inf) -> np.ndarray:
        """Return the length of a ray within the mask, in mm, no further beneath the outer surface than given."""
        near = self.radii > (self.outer - beneath_mm)[..., None]
        return (self.samples & near).sum(axis=-1) * STEP_MM


def view_of(skull: Volume, *implants: Volume) -> CavityView:
    """Return a window of rays that holds all of the implants and the skull around them.

    Raises:
        InputError: If the implants or the skull are empty.
    """
    frame = skull_frame(skull)
    points = np.concatenate([implant.to_ras(surface_indices(implant)) for implant in implants])
    if not len(points):
        raise InputError("The implant is empty; there is nothing to look at.")
    offsets = points - frame.center
    radii = np.linalg.norm(offsets, axis=1)
    offsets, radii = offsets[radii > NEAREST_MM], radii[radii > NEAREST_MM]
    axes = _axes(offsets.mean(axis=0))
    sideways = offsets @ axes[:2].T
    angles = np.arccos(np.clip(offsets @ axes[2] / radii, -1, 1))
    plane = sideways * (angles / np.maximum(np.linalg.norm(sideways, axis=1), 1e-9))[:, None]

    distance = float(np.median(radii))
    cell = CELL_MM / distance
    reach = np.minimum(np.abs(plane).max(axis=0) + MARGIN_MM / distance, WIDEST_ANGLE / np.sqrt(2))
    u, v = np.meshgrid(*(np.arange(-n, n + 1) * cell for n in np.ceil(reach / cell).astype(int)), indexing="ij")
    angle = np.hypot(u, v)
    across = np.sinc(angle / np.pi)
    directions = np.stack([u * across, v * across, np.cos(angle)], axis=-1) @ axes
    return CavityView(skull, frame.center, directions, cell, float(radii.max()) + MARGIN_MM)


def _axes(towards: np.ndarray) -> np.ndarray:
    """Return three orthonormal rows, the last in the given direction."""
    last = towards / np.linalg.norm(towards)
    first = np.cross(np.eye(3)[np.argmin(np.abs(last))], last)
    first /= np.linalg.norm(first)
    return np.stack([first, np.cross(last, first), last])
