"""The template as a skull of its own, whose registration and regions are known exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from CraNeXtLib.anatomy.categorization.categorize import Categorization
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.geometry.volume import Volume


def template_skull() -> Categorization:
    """Return the template as a categorized skull, 10 % larger and moved."""
    template = bundled_template()
    matrix = np.diag([1.1, 1.1, 1.1, 1.0])
    matrix[:3, 3] = 5, -7, 3
    labels = Volume(template.voxels, matrix @ template.affine)
    pose = HeadPose(matrix, template, PoseFit(0.0, 0.0, 0.0, (1.1, 1.1)))
    return Categorization(labels, (), pose, "default", ())


def bone_around(skull: Categorization, center: Sequence[float], radius: float = 30.0) -> Volume:
    """Return the bone within a distance of a point, both in mm of the template."""
    points = skull.pose.template.to_ras(np.argwhere(np.ones(skull.pose.template.shape))) - center
    near = (points**2).sum(axis=1).reshape(skull.pose.template.shape) < radius**2
    return skull.labels.with_voxels(near & (skull.labels.voxels > 0))
