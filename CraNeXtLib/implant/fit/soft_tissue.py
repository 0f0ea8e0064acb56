"""Soft tissue over a part and on the other side, from a CT: where temporal hollowing is to be expected.

The present skin is compared. Over a sunken flap it lies deeper than it will over the part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.components import labeled, largest_first
from CraNeXtLib.geometry.distance_field import aligned_grid, distance, field_of
from CraNeXtLib.geometry.mesh import face_normals
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

SKIN_HU = -300.0
"""Below this a voxel is air, or foam of a headrest, and above it skin or a dressing."""
THICKEST_MM = 25.0
"""Thicker tissue is not measured: the scan ends there, or something lies against the head."""

_STEP_MM = 1.5  # at which air is told from the head
_OPENING_STEPS = 2  # of that size: narrower ways, such as nostrils and ear canals, do not lead outside


@dataclass(frozen=True, eq=False)
class SoftTissue:
    """Thickness of the soft tissue at each vertex of a part's outer side in mm, NaN where it is not measured.

    Args:
        over_part: From the part's outer side to the present skin, negative where the skin lies below it, shape (N,).
        other_side: From the bone on the other side, at the mirrored place, to the skin there, shape (N,).
        thinner: How much less there is over the part, painted on it.
    """

    over_part: np.ndarray
    other_side: np.ndarray
    thinner: DistanceMap

    def as_dict(self) -> dict[str, Any] | None:
        """Return the measures for JSON; None if nothing was measured."""
        known = np.isfinite(self.thinner.values_mm)
        if not known.any():
            return None
        mesh = self.thinner.mesh
        areas = np.zeros(len(mesh.vertices))
        np.add.at(areas, mesh.faces, np.linalg.norm(face_normals(mesh), axis=1)[:, None] / 6)
        missing = areas[known] * np.maximum(self.thinner.values_mm[known], 0)
        return {
            "over_part_mm": _spread(self.over_part[known]),
            "other_side_mm": _spread(self.other_side[known]),
            "thinner_mm": _spread(self.thinner.values_mm[known]),
            "missing_ml": round(float(missing.sum()) / 1000, 1),
            "skin_below_part_percent": round(100 * float((self.over_part[known] < 0).mean()), 1),
            "compared_cm2": round(float(areas[known].sum()) / 100, 1),
        }


def soft_tissue(symmetry: DistanceMap, ct: Volume, plane: SymmetryPlane) -> SoftTissue:
    """Measure the soft tissue over a part and on the other side.

    Args:
        symmetry: How far the part's outer side lies outside that of the mirrored bone, NaN where it has no counterpart.
        ct: The CT in Hounsfield units.
        plane: The plane of symmetry.
    """
    outside_mm, points = symmetry.values_mm, symmetry.mesh.vertices
    known = np.isfinite(outside_mm)
    over_part, other_side = np.full((2, len(points)), np.nan)
    if known.any():
        air = outside_air(ct)
        over_part[known] = _depth_mm(air, points[known])
        # The mirrored point lies as far outside the bone there as the part does outside the mirrored bone.
        other_side[known] = _depth_mm(air, plane.mirror(points[known])) + outside_mm[known]
    return SoftTissue(over_part, other_side, DistanceMap(symmetry.mesh, other_side - over_part, "tissue_thinner_mm"))


def outside_air(ct: Volume) -> Volume:
    """Return a mask of the air around a head, without that in its cavities, on voxels of about 1.5 mm."""
    reduced = shrink(ct.with_voxels(ct.voxels < SKIN_HU), _STEP_MM, crop=False)
    padded = np.pad(reduced.voxels > 0.5, _OPENING_STEPS, mode="edge")  # because air goes on beyond the scan
    inside = (slice(_OPENING_STEPS, -_OPENING_STEPS),) * 3
    labels, sizes = labeled(ndimage.binary_opening(padded, iterations=_OPENING_STEPS)[inside])
    return reduced.with_voxels(labels == largest_first(sizes)[0] if len(sizes) > 1 else labels > 0)


def _depth_mm(air: Volume, points: np.ndarray) -> np.ndarray:
    """Return how deep points, RAS mm, shape (N, 3), lie below the skin, NaN beyond ``THICKEST_MM``, shape (N,)."""
    outward = points.mean(axis=0) - air.corners.mean(axis=0)
    grid = aligned_grid(points, outward, margin_mm=THICKEST_MM, step_mm=_STEP_MM)
    depth = distance(field_of(air, grid))
    found = ndimage.map_coordinates(depth.voxels, grid.to_indices(points).T, order=1, prefilter=False)
    return np.where(found > THICKEST_MM, np.nan, found)


def _spread(values: np.ndarray) -> dict[str, float]:
    numbers = np.round(np.percentile(values, [5, 50, 95]), 1).tolist()
    return dict(zip(("p05", "median", "p95"), numbers, strict=True))
