"""Skull categorization: the eight regions on every voxel of a skull (paper, section III.C)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from CraNeXtLib.anatomy.categorization.region_measures import RegionMeasures, measure_regions
from CraNeXtLib.anatomy.head.alignment import align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface
from CraNeXtLib.anatomy.head.nearest_label_map import REACH_MM, nearest_label_map
from CraNeXtLib.anatomy.head.orientation import orientation_warnings
from CraNeXtLib.anatomy.head.pose import (
    BETTER_FLIPPED,
    STRETCHES,
    HeadPose,
    PoseFit,
    best_affine,
    bundled_template,
    measure_fit,
    template_surface,
)
from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume

_METHODS = ("default", "official")
_STAGE_SHARES = {"Registering the template": 0.7, "Mapping the regions": 0.2, "Measuring the regions": 0.1}
_POOR_FAR_FRACTION = 0.25  # The fit is poor if more of the bone is off the template; 24 SkullFix skulls had 0.01-0.16.
_NO_FAR_FRACTION = 0.45  # The mask is no skull if more of the bone is off the template.
_UNDEFINED_FRACTION = 0.01  # More bone without a region is worth a warning.


@dataclass(frozen=True, eq=False)
class Categorization:
    """The regions of one skull.

    Attributes:
        labels: 0 outside bone, 1-8, 9 undefined; uint8, of the skull's geometry.
        table: One row per region, in the order of the labels, undefined last.
        pose: The registration of the template to the skull.
        method: ``"default"`` or ``"official"``.
        warnings: What to know before trusting the result, as sentences.
    """

    labels: Volume
    table: tuple[RegionMeasures, ...]
    pose: HeadPose
    method: str
    warnings: tuple[str, ...]


def categorize(
    skull: Volume,
    *,
    method: Literal["default", "official"] = "default",
    template: Volume | None = None,
    progress: ProgressCallback | None = None,
) -> Categorization:
    """Divide a skull into the eight regions of a template.

    The template is registered to the skull affinely, and each voxel of bone takes the region nearest to it.
    ``"official"`` follows the published code instead, see :mod:`CraNeXtLib.anatomy.categorization.official`.

    Args:
        skull: Mask of a skull, complete or not.
        method: ``"default"`` or ``"official"``.
        template: Labels 1-8, as ``build_template`` makes them; by default the bundled template.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Raises:
        InputError: If the mask is unusable, not a skull, or misoriented.
    """
    if method not in _METHODS:
        raise InputError(f"There is no method '{method}'; choose one of: {', '.join(_METHODS)}.")
    skull = skull_mask(skull)
    template = bundled_template() if template is None else template
    stages = Stages(_STAGE_SHARES, progress)
    with stages.stage("Registering the template"):
        surface, moving = bone_surface(skull), template_surface(template)
        matrix, fit = best_affine(moving, surface)
        warnings = _check_fit(skull, surface, moving, fit)
        if method == "official":
            from CraNeXtLib.anatomy.categorization.official import ants_affine

            matrix = ants_affine(template, skull)
            fit = measure_fit(moving, surface, matrix)
    with stages.stage("Mapping the regions"):
        labels = skull.zeros(np.uint8)
        box = foreground_box(skull.voxels)
        if method == "official":
            from CraNeXtLib.anatomy.categorization.official import official_labels_on

            labels[box] = official_labels_on(skull.crop(box), template, matrix)
        else:
            labels[box] = nearest_label_map(template).of_mask(skull.crop(box), np.linalg.inv(matrix))
    with stages.stage("Measuring the regions"):
        table = measure_regions(skull.with_voxels(labels))
    undefined = table[-1].percent / 100
    if method == "default" and undefined > _UNDEFINED_FRACTION:
        warnings.append(f"{undefined:.1%} of the bone is further than {REACH_MM:g} mm from every region.")
    pose = HeadPose(matrix, template, fit)
    return Categorization(skull.with_voxels(labels), table, pose, method, tuple(warnings))


def _check_fit(skull: Volume, surface: Surface, template: Surface, fit: PoseFit) -> list[str]:
    """Return warnings about the registration, or raise InputError if the mask is no skull or its header is wrong."""
    warnings = orientation_warnings(skull)
    if warnings:
        best = np.inf
        for signs in ((-1, 1), (1, -1), (-1, -1)):
            flipped = surface.moved(np.diag([1.0, *signs, 1]))
            matrix = align_surfaces(template, flipped, kind="affine").matrix
            best = min(best, measure_fit(template, flipped, matrix).distance_mm)
        if best < BETTER_FLIPPED * fit.distance_mm:
            raise InputError(f"The template does not fit this mask in the orientation of its header. {warnings[0]}")
    if fit.far_fraction > _NO_FAR_FRACTION or fit.stretch[0] < STRETCHES[0] or fit.stretch[1] > STRETCHES[1]:
        raise InputError("The template does not fit this mask; check that it contains a whole skull and nothing else.")
    if fit.far_fraction > _POOR_FAR_FRACTION:
        warnings.append(
            f"The template fits poorly ({fit.far_fraction:.0%} of the bone is off); check the borders of the regions."
        )
    return warnings
