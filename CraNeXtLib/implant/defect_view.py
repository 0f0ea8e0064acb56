"""A piece of an implant and its surroundings, as seen from the middle of the head, to measure outlines and openings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.radial_maps import RADIUS_MM, RadialGrid
from CraNeXtLib.anatomy.head.radial_view import cast
from CraNeXtLib.geometry.volume import Volume

PIXEL_MM = 1.0
"""Size of a pixel on a sphere of ``RADIUS_MM``."""

_MARGIN_MM = 12.0  # shown around the piece
_VAULT_MM = (50.0, 130.0)  # distances from the middle of the head between which every vault lies
_WIDEST_DEG = 170.0  # The projection is singular at 180°.
_SMOOTHING_PIXELS = 2.0  # The stairs of the voxels lengthen an outline.


@dataclass(frozen=True, eq=False)
class DefectView:
    """An equal-area image of a piece and what lies around it.

    Args:
        center: Middle of the head, RAS mm, shape (3,).
        inside: Which pixels show a direction, bool of shape (rows, columns).
        directions: RAS unit vectors of these pixels, shape (M, 3).
        nearest_mm: Distance from the center at which rays start.
        farthest_mm: Distance from the center at which rays end.
        radius_mm: Mean distance of the piece from the center.
    """

    center: np.ndarray
    inside: np.ndarray
    directions: np.ndarray
    nearest_mm: float
    farthest_mm: float
    radius_mm: float

    @classmethod
    def around(cls, points: np.ndarray, center: np.ndarray) -> DefectView:
        """Return the view of a piece and 12 mm around it.

        Args:
            points: Points of the piece, RAS mm, shape (N, 3).
            center: Middle of the head, RAS mm, shape (3,).
        """
        offsets = points - center
        distances = np.linalg.norm(offsets, axis=1)
        toward = offsets.mean(axis=0) / np.linalg.norm(offsets.mean(axis=0))
        widest = np.arccos(np.clip((offsets @ toward / distances).min(), -1, 1))
        angle = np.degrees(widest) + np.degrees(_MARGIN_MM / distances.mean())
        grid = RadialGrid(pixel_mm=PIXEL_MM, angle_deg=min(angle, _WIDEST_DEG))
        to_piece, _ = Rotation.align_vectors(toward[None], [[0, 0, 1]])
        inside = np.isfinite(grid.directions[..., 0])
        return cls(
            center=center,
            inside=inside,
            directions=to_piece.apply(grid.directions[inside]),
            nearest_mm=max(min(float(distances.min()) - _MARGIN_MM, _VAULT_MM[0]), 1.0),
            farthest_mm=max(float(distances.max()) + _MARGIN_MM, _VAULT_MM[1]),
            radius_mm=float(distances.mean()),
        )

    def outer_radii(self, *masks: Volume) -> list[np.ndarray]:
        """Return for each mask how far from the center each pixel's ray last hits it, in mm, 0 if it does not; images.

        Args:
            masks: Masks of one geometry.
        """
        radii = np.arange(self.nearest_mm, self.farthest_mm, masks[0].spacing.min() / 2, dtype=np.float32)
        images = np.zeros((len(masks), *self.inside.shape))
        for image, hits in zip(
            images, cast(*masks, center=self.center, directions=self.directions, radii=radii), strict=True
        ):
            image[self.inside] = np.nan_to_num(hits.outer)
        return [*images]

    def filled(self, outer_radii: np.ndarray) -> np.ndarray:
        """Return which pixels' rays hit a mask, from its ``outer_radii``; pixels without a direction count as hit."""
        return (outer_radii > 0) | ~self.inside

    def area_cm2(self, pixels: np.ndarray, outer_radii: np.ndarray) -> float:
        """Return the area of pixels on the head.

        Args:
            pixels: Which pixels, bool of shape (rows, columns).
            outer_radii: Distance of the surface from the center in mm; where it is 0, ``radius_mm`` is taken.
        """
        distances = np.where(outer_radii > 0, outer_radii, self.radius_mm)[pixels & self.inside]
        return float(((PIXEL_MM / RADIUS_MM * distances) ** 2).sum()) / 100

    def perimeter_mm(self, pixels: np.ndarray) -> float:
        """Return the length of the outline of pixels on the head, by the Crofton formula."""
        from skimage.measure import perimeter_crofton

        smooth = ndimage.gaussian_filter((pixels & self.inside).astype(np.float32), _SMOOTHING_PIXELS) > 0.5
        return float(perimeter_crofton(smooth)) * PIXEL_MM / RADIUS_MM * self.radius_mm
