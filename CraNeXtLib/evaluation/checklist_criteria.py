"""The five criteria of the checklist: a number with a threshold, a verdict and the position of the worst spot."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.radial_view import CELL_MM, STEP_MM
from CraNeXtLib.evaluation.checklist_scene import ChecklistScene
from CraNeXtLib.evaluation.criterion import Bound, Criterion
from CraNeXtLib.evaluation.ray_maps import cosines, disk, filled, grown, local_median, shrunk
from CraNeXtLib.evaluation.thresholds import Thresholds

CREVICE_MM = 4.0
"""Width below which a gap between skull and implant is not a step."""
EDGE_MM = 4.0
"""Distance from the defect's edge within which a slanted edge makes both skull and implant thin."""
RING_MM = 15.0
"""Width of the ring of skull around the defect whose thickness replaces that of a reference."""
ARC_MM = 5.0
"""Length along the rim, or width of a spot, over which values are reduced to their median."""


def complete(scene: ChecklistScene, limits: Thresholds) -> Criterion:
    """Measure the widest gap through which rays leave the head, in mm."""
    gaps = scene.defect & ~scene.implant.hit_mask & ~scene.skull.hit_mask
    depth = ndimage.distance_transform_edt(np.pad(gaps, 1))[1:-1, 1:-1]
    width = _rounded(max(2 * depth.max() - 1, 0) * CELL_MM)
    position = scene.position(depth, filled(scene.outermost)) if width else None
    return Criterion("complete", width, "mm", Bound(at_most=limits.gap_mm), position)


def no_false_positive(scene: ChecklistScene, limits: Thresholds) -> Criterion:
    """Measure the volume of the excess, in mL."""
    radii = scene.implant.radii
    volumes = (scene.excess * radii**2).sum(axis=-1) * STEP_MM * scene.view.solid_angles / 1000
    excess = round(float(volumes.sum()), 3)
    position = None
    if excess:
        row, column = np.unravel_index(volumes.argmax(), volumes.shape)
        radius = float(np.median(radii[scene.excess[row, column]]))
        position = scene.view.point((int(row), int(column)), radius)
    return Criterion("no_false_positive", excess, "mL", Bound(at_most=limits.excess_ml), position)


def restored_shape(scene: ChecklistScene, limits: Thresholds) -> Criterion:
    """Measure the largest deviation of the outer surface from the reference's, in mm, apart from a common offset."""
    unknown = Criterion("restored_shape", None, "mm", Bound(at_most=limits.shape_mm))
    if scene.reference is None:
        return unknown
    deviation = scene.implant.outer - scene.reference.outer
    compared = shrunk(scene.inside & scene.reference.hit_mask, EDGE_MM)
    if not compared.any():
        return unknown
    deviation = deviation * cosines(scene.view, filled(scene.reference.outer))
    deviation = np.abs(local_median(deviation - np.median(deviation[compared]), compared, ARC_MM / 2))
    worst = _rounded(np.nanmax(deviation))
    position = scene.position(deviation, scene.implant.outer)
    return Criterion("restored_shape", worst, "mm", Bound(at_most=limits.shape_mm), position)


def smooth_transition(scene: ChecklistScene, limits: Thresholds) -> Criterion:
    """Measure the highest step between the outer surfaces of skull and implant along the rim, in mm.

    The slope of the bone is continued to the implant, so that a curved head has no step.
    """
    bone = scene.skull.hit_mask & ~scene.implant_outermost
    distance, nearest = ndimage.distance_transform_edt(~bone, return_indices=True)
    rim = np.argwhere(scene.implant_outermost & (distance <= 3))
    if not len(rim):
        return Criterion("smooth_transition", None, "mm", Bound(at_most=limits.step_mm))
    here = rows, columns = rim[:, 0], rim[:, 1]
    there = nearest[0][rows, columns], nearest[1][rows, columns]
    surface = ndimage.grey_closing(np.nan_to_num(scene.outermost), footprint=disk(CREVICE_MM / 2))
    slopes = np.gradient(ndimage.gaussian_filter(filled(np.where(bone, scene.skull.outer, np.nan)), 3))
    expected = sum(slope[there] * (h - t) for slope, h, t in zip(slopes, here, there, strict=True))
    steps = np.abs(surface[here] - surface[there] - expected) * scene.upright[there]
    arcs = cKDTree(rim).query_ball_point(rim, ARC_MM / 2 / CELL_MM)
    steps = np.array([np.median(steps[arc]) for arc in arcs])
    worst = _rounded(steps.max())
    row, column = rim[steps.argmax()].tolist()
    position = scene.view.point((row, column), float(surface[row, column]))
    return Criterion("smooth_transition", worst, "mm", Bound(at_most=limits.step_mm), position)


def minimal_thickness(scene: ChecklistScene, limits: Thresholds) -> Criterion:
    """Measure the least thickness as a fraction of the reference's or the surrounding skull's, or the greatest one.

    The greatest is reported if it is above its threshold.
    """
    bound = Bound(at_least=limits.thinnest, at_most=limits.thickest)
    measured = shrunk(scene.inside, EDGE_MM)
    thickness = scene.implant.material() * scene.upright
    outside: np.ndarray | float = 0.0
    if scene.reference is not None:
        expected = scene.reference.material() * cosines(scene.view, filled(scene.reference.outer))
        measured &= scene.reference.hit_mask
        # A bulge is a matter of shape: what lies outside the reference does not make the implant too thick.
        outside = np.nan_to_num(np.maximum(scene.implant.outer - scene.reference.outer, 0)) * scene.upright
        expected = local_median(expected, measured, ARC_MM / 2)
    else:
        ring = grown(scene.defect, EDGE_MM + RING_MM) & ~grown(scene.defect, EDGE_MM) & scene.skull.hit_mask
        plate = scene.skull.material(beneath_mm=RING_MM) * scene.upright
        expected = np.full(plate.shape, np.median(plate[ring]) if ring.any() else np.nan)
    if not measured.any() or not np.isfinite(expected[measured]).any():
        return Criterion("minimal_thickness", None, "ratio", bound)
    thin = local_median(thickness, measured, ARC_MM / 2) / expected
    thick = local_median(thickness - outside, measured, ARC_MM / 2) / expected
    worst, position = _rounded(np.nanmax(thick)), scene.position(thick, scene.implant.outer)
    if worst <= limits.thickest:
        worst, position = _rounded(np.nanmin(thin)), scene.position(-thin, scene.implant.outer)
    return Criterion("minimal_thickness", worst, "ratio", bound, position)


def _rounded(value: float) -> float:
    return round(float(value), 2)
