"""The five criteria of the paper's Table 2 as numbers with a threshold, a verdict and a place in the head.

Ellis, Alvarez and Aizenberg (2021) let readers answer five questions about an implant; here they are measured on maps
of the vault as seen from the middle of the brain case (``radial_view``). What the second criterion finds to be beyond
the defect is left out of the other four, so that one fault fails one criterion. The thresholds are editable and NOT
VALIDATED CLINICALLY. A reader's own answers and the four causes of Table 7 are kept beside the automatic answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.radial_view import CELL_MM, STEP_MM, RadialView, RayHits, view_around
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.criterion import Criterion
from CraNeXtLib.geometry.components import components_with
from CraNeXtLib.geometry.mask import check_same_geometry, mask, surface_indices
from CraNeXtLib.geometry.volume import Volume

CRITERIA = ("complete", "no_false_positive", "restored_shape", "smooth_transition", "minimal_thickness")
CAUSES = ("non_break_through", "bone_artifact", "complex_area", "defect_edge")

NARROW_MM = 10.0  # what sticks out is a spur if narrower than this and
SPUR_MM = 3.0  # higher than this, or part of what lies beside the defect; else it is a matter of shape
CREVICE_MM = 4.0  # narrower gaps between skull and implant are no step
EDGE_MM = 4.0  # beside the defect's edge, where a slanted edge makes both skull and implant thin
RING_MM = 15.0  # of skull around the defect that an implant without a reference is compared with
ARC_MM = 5.0  # along the rim; a step counts if it is this long
BEVEL_MM = 8.0  # beside the open defect that may belong to it, where no reference says; further away, implant
BEYOND_MM = 2.0  # further than this out of the skull's wall lies beside the defect


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When a criterion is met; defaults of ours, not validated clinically.

    Attributes:
        gap_mm: Widest see-through gap or hole allowed.
        excess_ml: Largest volume allowed beyond the defect, in mL.
        shape_mm: Largest deviation of the outer surface from the reference's, apart from a common offset.
        step_mm: Highest step allowed between the outer surfaces of skull and implant.
        thinnest: Least thickness allowed, as a fraction of the reference's or, without one, of the skull's around it.
        thickest: Greatest thickness allowed, as a multiple of the same.
    """

    gap_mm: float = 2.0
    excess_ml: float = 0.05
    shape_mm: float = 3.0
    step_mm: float = 1.2
    thinnest: float = 0.5
    thickest: float = 3.0


@dataclass(frozen=True)
class Checklist:
    """The five answers, and what a reader says.

    Args:
        criteria: The automatic answers, in the order of ``CRITERIA``.
        ratings: A reader's answers by criterion, True or False.
        causes: Which causes of Table 7 a reader sees, any of ``CAUSES``.

    Raises:
        InputError: If a rating or cause has another name.
    """

    criteria: tuple[Criterion, ...]
    ratings: Mapping[str, bool] = field(default_factory=dict)
    causes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for names, allowed, what in ((self.ratings, CRITERIA, "criterion"), (self.causes, CAUSES, "cause of error")):
            unknown = sorted(set(names) - set(allowed))
            if unknown:
                raise InputError(f"There is no {what} '{unknown[0]}'; choose among {', '.join(allowed)}.")

    def __getitem__(self, name: str) -> Criterion:
        return self.criteria[CRITERIA.index(name)]

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the criteria that are not met."""
        return tuple(criterion.name for criterion in self.criteria if criterion.passed is False)

    def as_dict(self) -> dict[str, object]:
        """Return the checklist for JSON."""
        return {
            "validated_clinically": False,
            "criteria": [criterion.as_dict() for criterion in self.criteria],
            "reader_ratings": dict(self.ratings),
            "causes": list(self.causes),
        }


def check(
    implant: Volume,
    skull: Volume,
    reference: Volume | None = None,
    *,
    thresholds: Thresholds | None = None,
    ratings: Mapping[str, bool] | None = None,
    causes: tuple[str, ...] = (),
) -> Checklist:
    """Answer the five questions about an implant.

    Without a reference the restored shape cannot be judged; the defect is then the opening that the implant lies in,
    and its thickness is compared with the skull's around it. A gap so oblique that no ray passes it is not seen.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull.
        reference: Mask of the implant that should have been made, if known.
        thresholds: When a criterion is met.
        ratings: A reader's own answers.
        causes: Causes of error that a reader sees.

    Raises:
        InputError: If the volumes do not share their geometry, or a mask is empty.
    """
    limits = thresholds or Thresholds()
    references = [] if reference is None else [reference]
    check_same_geometry(implant, skull, *references)
    for name, volume in {"implant": implant, "reference": reference}.items():
        if volume is not None and not mask(volume).any():
            raise InputError(f"The {name} is empty; the checklist needs one.")
    points = np.concatenate([volume.to_ras(surface_indices(volume)) for volume in (implant, *references)])
    view = view_around(points, skull_frame(skull).center)
    of_skull, of_implant, *of_reference = view.cast(skull, implant, *references)
    scene = _Scene(view, of_implant, of_skull, of_reference[0] if of_reference else None)
    criteria = (
        _complete(scene, limits),
        _no_false_positive(scene, limits),
        _restored_shape(scene, limits),
        _smooth_transition(scene, limits),
        _minimal_thickness(scene, limits),
    )
    return Checklist(criteria, ratings or {}, causes)


class _Scene:
    """What the criteria share: the defect's window, the excess, and the implant without it."""

    def __init__(self, view: RadialView, implant: RayHits, skull: RayHits, reference: RayHits | None) -> None:
        self.view, self.skull, self.reference = view, skull, reference
        if reference is not None:
            self.defect = reference.hit_mask
            allowed = _grown(self.defect, 2 * CELL_MM)
        else:
            self.defect = components_with(~skull.hit_mask, implant.hit_mask, corners=False)
            allowed = _grown(self.defect, BEVEL_MM)
        self.excess = self._excess(implant, allowed)
        self.implant = RayHits(implant.samples & ~self.excess, implant.radii)
        outer, other = np.nan_to_num(self.implant.outer), np.nan_to_num(skull.outer)
        self.inside = self.defect & self.implant.hit_mask & ~skull.hit_mask
        self.implant_outermost = self.implant.hit_mask & (outer > other)
        self.outermost = np.where(self.implant.hit_mask | skull.hit_mask, np.maximum(outer, other), np.nan)
        self.upright = _cosine(view, _filled(self.outermost))

    def _excess(self, implant: RayHits, allowed: np.ndarray) -> np.ndarray:
        """Return the samples of the implant in bone, beside the defect, or in a spur out of or into the head."""
        disk = _disk(NARROW_MM / 2)
        outer = _filled(np.fmax(np.where(allowed, implant.outer, np.nan), self.skull.outer))
        inner = _filled(np.fmin(np.where(allowed, implant.inner, np.nan), self.skull.inner))
        top, bottom = ndimage.grey_opening(outer, footprint=disk), ndimage.grey_closing(inner, footprint=disk)
        if self.reference is not None:
            top, bottom = np.fmax(top, self.reference.outer), np.fmin(bottom, self.reference.inner)
        stray = implant.samples & ~allowed[..., None]
        if self.reference is None:
            # A long slanted edge puts implant beside the opening too, but not out of the wall.
            wall = self.skull.hit_mask & ~implant.hit_mask
            top_of_wall, bottom_of_wall = (
                _filled(np.where(wall, radii, np.nan))[..., None] for radii in (self.skull.outer, self.skull.inner)
            )
            beyond = np.maximum(implant.radii - top_of_wall, bottom_of_wall - implant.radii)
            stray &= (beyond > STEP_MM) & (stray & (beyond > BEYOND_MM)).any(axis=-1, keepdims=True)
        beside = stray.any(axis=-1)
        high = np.maximum(implant.outer - top, bottom - implant.inner) * _cosine(self.view, top)
        spurs = components_with(beside | (high > 2 * STEP_MM), beside | (high > SPUR_MM))
        out = implant.radii > (top + STEP_MM)[..., None]
        into = implant.radii < (bottom - STEP_MM)[..., None]
        return stray | (implant.samples & (self.skull.samples | (spurs[..., None] & (out | into))))


def _complete(scene: _Scene, limits: Thresholds) -> Criterion:
    gaps = scene.defect & ~scene.implant.hit_mask & ~scene.skull.hit_mask
    depth = ndimage.distance_transform_edt(np.pad(gaps, 1))[1:-1, 1:-1]
    width = _number(max(2 * depth.max() - 1, 0) * CELL_MM)
    place = _place(scene, depth, _filled(scene.outermost)) if width else None
    return Criterion("complete", width, "mm", limits.gap_mm, width <= limits.gap_mm, place)


def _no_false_positive(scene: _Scene, limits: Thresholds) -> Criterion:
    radii = scene.implant.radii
    volumes = (scene.excess * radii**2).sum(axis=-1) * STEP_MM * scene.view.solid_angles / 1000
    excess = round(float(volumes.sum()), 3)
    place = None
    if excess:
        ray = np.unravel_index(volumes.argmax(), volumes.shape)
        place = scene.view.point(ray, float(np.median(radii[scene.excess[ray]])))
    return Criterion("no_false_positive", excess, "mL", limits.excess_ml, excess <= limits.excess_ml, place)


def _restored_shape(scene: _Scene, limits: Thresholds) -> Criterion:
    if scene.reference is None:
        return Criterion("restored_shape", None, "mm", limits.shape_mm, None)
    deviation = scene.implant.outer - scene.reference.outer
    compared = _shrunk(scene.inside & scene.reference.hit_mask, EDGE_MM)
    if not compared.any():
        return Criterion("restored_shape", None, "mm", limits.shape_mm, None)
    deviation = deviation * _cosine(scene.view, _filled(scene.reference.outer))
    deviation = np.abs(_median(deviation - np.median(deviation[compared]), compared, ARC_MM / 2))
    worst = _number(np.nanmax(deviation))
    place = _place(scene, deviation, scene.implant.outer)
    return Criterion("restored_shape", worst, "mm", limits.shape_mm, worst <= limits.shape_mm, place)


def _smooth_transition(scene: _Scene, limits: Thresholds) -> Criterion:
    bone = scene.skull.hit_mask & ~scene.implant_outermost
    distance, nearest = ndimage.distance_transform_edt(~bone, return_indices=True)
    rim = np.argwhere(scene.implant_outermost & (distance <= 3))
    if not len(rim):
        return Criterion("smooth_transition", None, "mm", limits.step_mm, None)
    here, there = tuple(rim.T), tuple(nearest[(slice(None), *rim.T)])
    surface = ndimage.grey_closing(np.nan_to_num(scene.outermost), footprint=_disk(CREVICE_MM / 2))
    slopes = np.gradient(ndimage.gaussian_filter(_filled(np.where(bone, scene.skull.outer, np.nan)), 3))
    expected = sum(slope[there] * (h - t) for slope, h, t in zip(slopes, here, there, strict=True))
    steps = np.abs(surface[here] - surface[there] - expected) * scene.upright[there]
    arcs = cKDTree(rim).query_ball_point(rim, ARC_MM / 2 / CELL_MM)
    steps = np.array([np.median(steps[arc]) for arc in arcs])
    worst = _number(steps.max())
    ray = tuple(rim[steps.argmax()])
    place = scene.view.point(ray, float(surface[ray]))
    return Criterion("smooth_transition", worst, "mm", limits.step_mm, worst <= limits.step_mm, place)


def _minimal_thickness(scene: _Scene, limits: Thresholds) -> Criterion:
    measured = _shrunk(scene.inside, EDGE_MM)
    thickness = scene.implant.material() * scene.upright
    if scene.reference is not None:
        expected = scene.reference.material() * _cosine(scene.view, _filled(scene.reference.outer))
        measured &= scene.reference.hit_mask
        # A bulge is a matter of shape: what lies outside the reference does not make the implant too thick.
        outside = np.nan_to_num(np.maximum(scene.implant.outer - scene.reference.outer, 0)) * scene.upright
        expected = _median(expected, measured, ARC_MM / 2)
    else:
        ring = _grown(scene.defect, EDGE_MM + RING_MM) & ~_grown(scene.defect, EDGE_MM) & scene.skull.hit_mask
        plate = scene.skull.material(beneath_mm=RING_MM) * scene.upright
        expected = np.full(plate.shape, np.median(plate[ring]) if ring.any() else np.nan)
        outside = 0.0
    if not measured.any() or not np.isfinite(expected[measured]).any():
        return Criterion("minimal_thickness", None, "ratio", limits.thinnest, None)
    thin = _median(thickness, measured, ARC_MM / 2) / expected
    thick = _median(thickness - outside, measured, ARC_MM / 2) / expected
    if np.nanmax(thick) > limits.thickest:
        return Criterion(
            "minimal_thickness",
            _number(np.nanmax(thick)),
            "ratio",
            limits.thickest,
            False,
            _place(scene, thick, scene.implant.outer),
        )
    worst = _number(np.nanmin(thin))
    place = _place(scene, -thin, scene.implant.outer)
    return Criterion("minimal_thickness", worst, "ratio", limits.thinnest, worst >= limits.thinnest, place)


def _place(scene: _Scene, badness: np.ndarray, radii: np.ndarray) -> tuple[float, float, float]:
    ray = np.unravel_index(np.nanargmax(np.where(np.isfinite(radii), badness, np.nan)), badness.shape)
    return scene.view.point(ray, float(radii[ray]))


def _cosine(view: RadialView, radii: np.ndarray) -> np.ndarray:
    """Return the cosine between the rays and the normals of a surface, from its distances smoothed over a few cells."""
    smooth = ndimage.gaussian_filter(radii, 3)
    across = np.hypot(*np.gradient(smooth)) / (view.cell * smooth)
    return 1 / np.hypot(1, across)


def _filled(values: np.ndarray) -> np.ndarray:
    """Return a map whose NaN cells take the nearest cell's value."""
    if np.isnan(values).all():
        return np.zeros_like(values)
    nearest = ndimage.distance_transform_edt(np.isnan(values), return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def _median(values: np.ndarray, where: np.ndarray, radius_mm: float) -> np.ndarray:
    """Return the median of the region's cells around each of its cells; NaN elsewhere."""
    inside = np.where(where, values, np.nan)
    return np.where(where, ndimage.median_filter(_filled(inside), footprint=_disk(radius_mm)), np.nan)


def _disk(radius_mm: float) -> np.ndarray:
    n = round(radius_mm / CELL_MM)
    x, y = np.ogrid[-n : n + 1, -n : n + 1]
    return np.hypot(x, y) <= n + 0.5


def _grown(where: np.ndarray, by_mm: float) -> np.ndarray:
    return ndimage.distance_transform_edt(~where) <= by_mm / CELL_MM if where.any() else where


def _shrunk(where: np.ndarray, by_mm: float) -> np.ndarray:
    return ndimage.distance_transform_edt(np.pad(where, 1))[1:-1, 1:-1] > by_mm / CELL_MM


def _number(value: float) -> float:
    return round(float(value), 2)
