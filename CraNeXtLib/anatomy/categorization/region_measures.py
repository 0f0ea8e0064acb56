"""How much bone and how much outer surface each region of a labeled skull has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.categorization.outer_surface import outer_surface
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

_SAMPLING_MM = 2.0  # The bone nearest to a face is searched among points at this spacing.


@dataclass(frozen=True)
class RegionMeasures:
    """The measures of one region, a row of the table.

    Attributes:
        label: Label of the region, 1-9.
        name: Name of the region.
        voxels: Number of voxels of bone.
        volume_ml: Volume of bone, in mL.
        percent: Percentage of the skull's bone.
        area_cm2: Area of the outer surface, in cm².
    """

    label: int
    name: str
    voxels: int
    volume_ml: float
    percent: float
    area_cm2: float


def measure_regions(labels: Volume) -> tuple[RegionMeasures, ...]:
    """Measure every region of a label map.

    Args:
        labels: Labels 0-9, uint8, with some bone.

    Returns:
        One row per region, in the order of the labels, undefined last.
    """
    labels = labels.crop(foreground_box(labels.voxels))
    counts = np.bincount(labels.voxels.ravel("K"), minlength=len(ALL_REGIONS) + 1)
    bone = counts[1:].sum()
    centers, areas = outer_surface(labels.with_voxels(labels.voxels > 0))
    of_face = _nearest_labels(labels, centers)
    rows = []
    for region in ALL_REGIONS:
        voxels = int(counts[region.label])
        rows.append(
            RegionMeasures(
                label=region.label,
                name=region.name,
                voxels=voxels,
                volume_ml=round(voxels * labels.voxel_volume_mm3 / 1000, 3),
                percent=round(100 * voxels / bone, 3),
                area_cm2=round(float(areas[of_face == region.label].sum()) / 100, 2),
            )
        )
    return tuple(rows)


def _nearest_labels(labels: Volume, points: np.ndarray) -> np.ndarray:
    """Return the label of the bone nearest to each point, shape (N,)."""
    steps = np.maximum(1, np.floor(_SAMPLING_MM / labels.spacing)).astype(int)
    indices = np.argwhere(labels.voxels[tuple(slice(None, None, s) for s in steps)]) * steps
    _, nearest = cKDTree(labels.to_ras(indices)).query(points, workers=1)
    return labels.voxels[tuple(indices[nearest].T)]
