"""Where defects lie: regions, side and size of one, distribution and frequency map of a cohort (paper, section VI)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from CraNeXtLib.anatomy.categorization.categorize import outer_surface
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

BILATERAL_SHARE = 0.1  # of the volume beyond the midline
SAMPLING_MM = 2.0


@dataclass(frozen=True)
class DefectAnalysis:
    """Place and size of one defect.

    Attributes:
        percent: Of its volume in each region, by the region's name; undefined last; they sum to 100.
        main_region: The region with most of it.
        side: ``"left"``, ``"right"``, or ``"bilateral"`` if more than a tenth lies beyond the mid-sagittal plane.
        left_percent: Of its volume on the patient's left.
        area_cm2: Of its outer surface.
        volume_ml: Volume.
        extent_mm: Distance between its two points furthest apart.
    """

    percent: dict[str, float]
    main_region: str
    side: str
    left_percent: float
    area_cm2: float
    volume_ml: float
    extent_mm: float


def analyze_defect(implant: Volume, pose: HeadPose) -> DefectAnalysis:
    """Tell which regions a defect takes, on which side, and how large it is.

    Args:
        implant: Mask of the implant, or of the bone that is missing; of any grid in the skull's space.
        pose: How the template lies on the skull. Regions and mid-sagittal plane are the template's, so they are known
            where bone is missing, too.

    Raises:
        InputError: If the mask is empty.
    """
    box = implant.crop(foreground_box(implant.voxels != 0))
    mask = box.with_voxels(box.voxels != 0)
    points = mask.to_ras(np.argwhere(mask.voxels))
    counts = np.bincount(pose.label_points(points), minlength=len(ALL_REGIONS) + 1)[1:]
    percent = {region.name: round(100 * int(n) / len(points), 2) for region, n in zip(ALL_REGIONS, counts, strict=True)}
    left = float((pose.to_template(points)[:, 0] < 0).mean())
    side = "bilateral" if BILATERAL_SHARE < left < 1 - BILATERAL_SHARE else "left" if left > 0.5 else "right"
    _, areas = outer_surface(mask, center=pose.center)
    return DefectAnalysis(
        percent=percent,
        main_region=max(percent, key=percent.get),
        side=side,
        left_percent=round(100 * left, 2),
        area_cm2=round(float(areas.sum()) / 100, 2),
        volume_ml=round(len(points) * mask.voxel_volume_mm3 / 1000, 3),
        extent_mm=round(_extent(points), 1),
    )


def _extent(points: np.ndarray) -> float:
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # a flat or tiny piece has no hull
        points = points[:: len(points) // 1000 + 1]
    return float(pdist(points).max()) if len(points) > 1 else 0.0
