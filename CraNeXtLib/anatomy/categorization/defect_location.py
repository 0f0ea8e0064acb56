"""The location of a defect: its regions, side and size (paper, section VI)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from CraNeXtLib.anatomy.categorization.outer_surface import outer_surface
from CraNeXtLib.anatomy.head.pose import HeadPose
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.distance_field import span_of
from CraNeXtLib.geometry.volume import Volume

_BILATERAL_FRACTION = 0.1


@dataclass(frozen=True)
class DefectAnalysis:
    """Location and size of one defect.

    Attributes:
        percent: Percentage of its volume in each region, by the region's name, undefined last; they sum to 100.
        main_region: Name of the region with most of its volume.
        side: ``"left"``, ``"right"``, or ``"bilateral"`` if more than a tenth of it is across the mid-sagittal plane.
        left_percent: Percentage of its volume on the patient's left.
        area_cm2: Area of its outer surface, in cm².
        volume_ml: Volume in mL.
        extent_mm: Largest distance between two of its points, in mm.
    """

    percent: dict[str, float]
    main_region: str
    side: str
    left_percent: float
    area_cm2: float
    volume_ml: float
    extent_mm: float


def analyze_defect(implant: Volume, pose: HeadPose) -> DefectAnalysis:
    """Determine the regions, the side and the size of a defect.

    Args:
        implant: Mask of the implant or of the missing bone, on any grid in the skull's space.
        pose: Registration of the template to the skull. Regions and mid-sagittal plane are the template's, so they are
            known where bone is missing, too.

    Raises:
        InputError: If the mask is empty.
    """
    box = implant.crop(foreground_box(implant.voxels != 0))
    mask = box.with_voxels(box.voxels != 0)
    points = mask.to_ras(np.argwhere(mask.voxels))
    counts = np.bincount(pose.label_points(points), minlength=len(ALL_REGIONS) + 1)[1:]
    percent = {region.name: round(100 * int(n) / len(points), 2) for region, n in zip(ALL_REGIONS, counts, strict=True)}
    left = float((pose.to_template(points)[:, 0] < 0).mean())
    side = "bilateral" if _BILATERAL_FRACTION < left < 1 - _BILATERAL_FRACTION else "left" if left > 0.5 else "right"
    _, areas = outer_surface(mask, center=pose.template_center)
    return DefectAnalysis(
        percent=percent,
        main_region=max(percent, key=lambda name: percent[name]),
        side=side,
        left_percent=round(100 * left, 2),
        area_cm2=round(float(areas.sum()) / 100, 2),
        volume_ml=round(len(points) * mask.voxel_volume_mm3 / 1000, 3),
        extent_mm=round(_extent(span_of(mask)), 1),
    )


def _extent(points: np.ndarray) -> float:
    """Return the largest distance between two points, in mm."""
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # A flat or tiny piece has no hull.
        points = points[:: len(points) // 1000 + 1]
    return float(pdist(points).max()) if len(points) > 1 else 0.0
