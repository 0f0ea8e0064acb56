"""The defects that were found in one skull: where each lies, how large it is, and what is left of it.

The opening is measured without the model: there rays from the middle of the head meet no bone. Of the defective skull
that is the hole itself, of the complete skull what the implant leaves open.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.radial_maps import RADIUS_MM, RadialGrid
from CraNeXtLib.anatomy.head.radial_view import cast
from CraNeXtLib.geometry.box import box_around, corners_between
from CraNeXtLib.geometry.components import components_with
from CraNeXtLib.geometry.volume import Volume

PIXEL_MM = 1.0  # on a sphere of 80 mm radius
_SMOOTHING = 2.0  # pixels; the steps of voxels lengthen an outline
_AROUND_MM = 12.0  # what is looked at beyond the piece


def describe_defect(piece: Volume, skull: Volume, complete: Volume, pose: HeadPose) -> dict[str, Any]:
    """Describe the defect that one piece of the implant fills, for ``result.json``.

    Args:
        piece: Mask of the piece, cropped or not.
        skull: Mask of the defective skull.
        complete: Mask of the complete skull, of the same geometry.
        pose: How the template lies on the skull.

    Returns:
        ``centre_ras_mm``, what ``DefectAnalysis`` says, ``perimeter_mm`` of the piece's
        outline and ``opening_cm2`` (``before``, ``after``), both as seen from the middle of the head.
    """
    points = piece.to_ras(np.argwhere(piece.voxels))
    view = _View(points, pose.center)
    footprint, radii = view.hits(piece)
    before, after = (~view.hits(_near(volume, points))[0] for volume in (skull, complete))
    hole = components_with(before, footprint & before)
    return {
        "centre_ras_mm": np.round(points.mean(axis=0), 1).tolist(),
        **asdict(analyze_defect(piece, pose)),
        "perimeter_mm": round(view.perimeter_mm(footprint), 1),
        "opening_cm2": {
            "before": round(view.area_cm2(hole, radii), 2),
            "after": round(view.area_cm2(hole & after, radii), 2),
        },
    }


def _near(volume: Volume, points: np.ndarray) -> Volume:
    """Return the part of a volume around points."""
    low, high = points.min(axis=0) - _AROUND_MM, points.max(axis=0) + _AROUND_MM
    return volume.crop(box_around(volume.to_indices(corners_between(low, high)), volume.shape))


class _View:
    """An equal-area picture of a piece and what is around it, seen from the middle of the head.

    Args:
        points: Of the piece, RAS mm, shape (N, 3).
        centre: Middle of the head, RAS mm, shape (3,).
    """

    def __init__(self, points: np.ndarray, centre: np.ndarray) -> None:
        offsets = points - centre
        distances = np.linalg.norm(offsets, axis=1)
        towards = offsets.mean(axis=0) / np.linalg.norm(offsets.mean(axis=0))
        widest = np.arccos(np.clip((offsets @ towards / distances).min(), -1, 1))
        angle = np.degrees(widest) + np.degrees(_AROUND_MM / distances.mean())
        grid = RadialGrid(pixel_mm=PIXEL_MM, angle_deg=min(angle, 170.0))
        to_piece, _ = Rotation.align_vectors(towards[None], [[0, 0, 1]])
        self.centre = centre
        self.inside = np.isfinite(grid.directions[..., 0])
        self.directions = to_piece.apply(grid.directions[self.inside])
        self.first, self.last = distances.min() - _AROUND_MM, distances.max() + _AROUND_MM
        self.radius = float(distances.mean())

    def hits(self, mask: Volume) -> tuple[np.ndarray, np.ndarray]:
        """Return which pixels' rays meet a mask, and how far out last (0 if not), in mm; images."""
        radii = np.arange(max(self.first, 1.0), self.last, mask.spacing.min() / 2)
        (hits,) = cast(mask, center=self.centre, directions=self.directions, radii=radii)
        image = np.zeros(self.inside.shape)
        image[self.inside] = np.nan_to_num(hits.outer)
        return (image > 0) | ~self.inside, image

    def area_cm2(self, pixels: np.ndarray, radii: np.ndarray) -> float:
        """Return the area of pixels on the head, at the piece's distance where a ray meets it."""
        distances = np.where(radii > 0, radii, self.radius)[pixels & self.inside]
        return float(((PIXEL_MM / RADIUS_MM * distances) ** 2).sum()) / 100

    def perimeter_mm(self, pixels: np.ndarray) -> float:
        """Return the length of the outline of pixels on the head."""
        from skimage.measure import perimeter_crofton

        smooth = ndimage.gaussian_filter((pixels & self.inside).astype(np.float32), _SMOOTHING) > 0.5
        return float(perimeter_crofton(smooth)) * PIXEL_MM / RADIUS_MM * self.radius
