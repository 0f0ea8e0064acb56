"""Plates, screws and holes for sutures of one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.distance_field import aligned_grid, field_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.drilling import Bore
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings
from CraNeXtLib.implant.finishing.hole_candidates import Hole, drill_hole
from CraNeXtLib.implant.finishing.plan_view import PlanView
from CraNeXtLib.implant.finishing.plates import Plate, place_plates, with_plates
from CraNeXtLib.implant.finishing.ray_surface import FARTHEST_EDGE_MM, RaySurface
from CraNeXtLib.implant.finishing.rim_line import RimLine, rim_line
from CraNeXtLib.implant.finishing.suture_holes import place_suspension_holes, place_suture_holes
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

_BONE_STEP_MM = 1.0
_UNEVEN = 1.7  # times the mean distance between plates that is warned of


@dataclass(frozen=True, eq=False)
class Anchorage:
    """What a piece is fixed to.

    Args:
        skull: Mask of the skull.
        midline: Its mid-sagittal plane, if screws and holes keep clear of it.
    """

    skull: Volume
    midline: SymmetryPlane | None


@dataclass(frozen=True, eq=False)
class Fixation:
    """How a piece is fixed.

    Args:
        part: Field of the piece with its recesses and holes.
        plates: Its plates.
        holes: Its holes for sutures.
        taken: Columns that letters, plates and holes take, bool of shape (I, J).
        warnings: What found no place, one sentence each.
    """

    part: Volume
    plates: tuple[Plate, ...]
    holes: tuple[Hole, ...]
    taken: np.ndarray
    warnings: tuple[str, ...]

    @property
    def bores(self) -> list[Bore]:
        """The round holes through the piece: those without spurs, which are wide."""
        screws = [screw for plate in self.plates for screw in plate.screws if screw.purpose == "screw in part"]
        return [hole.bore for hole in (*screws, *self.holes) if hole.spur is None]


def fixed(
    part: Volume,
    anchorage: Anchorage,
    settings: FixationSettings,
    *,
    text_columns: np.ndarray | None,
    clearance_mm: float,
    wall_mm: float,
) -> Fixation:
    """Return a piece with its plates, screws and holes for sutures.

    Args:
        part: Field of the piece; its third axis is the insertion direction.
        anchorage: What it is fixed to.
        settings: What is wanted.
        text_columns: Columns below an engraving, bool of shape (I, J).
        clearance_mm: Gap between part and bone.
        wall_mm: Least wall between holes, and below recesses.

    Raises:
        InputError: If a plate is too short for its screws.
    """
    view = PlanView(part)
    rim, warnings = rim_line(view), list[str]()
    plates: list[Plate] = []
    taken = np.zeros(view.outline.shape, bool) if text_columns is None else text_columns & view.outline
    if rim is None:
        return Fixation(part, (), (), taken, ("The piece is too small for plates and for holes for sutures.",))
    if settings.makes_plates:
        offsets_mm = settings.screw_offsets_mm(clearance_mm, wall_mm)
        free = _beside(rim, view, taken, settings.plate_length_mm / 2 + wall_mm)
        plates, wanted = place_plates(
            rim,
            RaySurface(part, solid=True),
            RaySurface(_bone_beside(part, rim, anchorage.skull, settings)),
            settings,
            offsets_mm,
            free=free,
            midline=anchorage.midline,
            wall_mm=wall_mm,
        )
        if len(plates) < wanted:
            warnings.append(
                f"Only {len(plates)} of {wanted} plates found a place along the rim where their screws keep all "
                "distances; change the plates, or reduce the distances to edge and midline."
            )
        warnings += _wide_gaps(plates)
        part, covered = with_plates(part, plates, settings)
        taken = taken | covered
    holes: list[Hole] = []
    for purpose, wanted, place in (
        ("suture", settings.suture_holes, partial(place_suture_holes, rim, view)),
        ("suspension", settings.suspension_holes, partial(place_suspension_holes, view)),
    ):
        found = place(settings, taken=taken, midline=anchorage.midline, wall_mm=wall_mm)
        if len(found) < wanted:
            warnings.append(
                f"Only {len(found)} of {wanted} {purpose} holes found a place; reduce their number, diameter or "
                f"distances to edge and midline{', or leave out the spurs' if settings.spur_mm else ''}."
            )
        field = part.voxels.copy()
        for hole in found:
            drill_hole(field, part, hole)
            taken = taken | _around(hole, view)
        part = part.with_voxels(field)
        holes += found
    return Fixation(part, tuple(plates), tuple(holes), taken, tuple(warnings))


def _wide_gaps(plates: Sequence[Plate]) -> list[str]:
    """Return a warning if the plates are far from even along the rim."""
    widest = max(range(len(plates)), key=lambda number: plates[number].next_mm, default=None)
    if widest is None or len(plates) < 2:
        return []
    gap_mm, mean_mm = plates[widest].next_mm, sum(plate.next_mm for plate in plates) / len(plates)
    if gap_mm < _UNEVEN * mean_mm:
        return []
    warning = (
        f"There is no plate on {gap_mm:.0f} mm of the rim, between plates {widest + 1} and "
        f"{(widest + 1) % len(plates) + 1}, where no place keeps all distances; a smaller plate may fit there."
    )
    return [warning]


def _bone_beside(part: Volume, rim: RimLine, skull: Volume, settings: FixationSettings) -> Volume:
    """Return the field of the bone around a part, as far as plates and the search for edges reach."""
    margin_mm = settings.plate_length_mm / 2 + FARTHEST_EDGE_MM + 5
    outward = part.affine[:3, 2]
    return field_of(skull, aligned_grid(rim.points, outward, margin_mm=margin_mm, step_mm=_BONE_STEP_MM))


def _beside(rim: RimLine, view: PlanView, taken: np.ndarray, apart_mm: float) -> np.ndarray:
    """Return which stations of the rim lie so far from what is taken, bool of shape (N,)."""
    if not taken.any():
        return np.ones(len(rim.points), bool)
    columns = np.rint(view.part.to_indices(rim.points)[:, :2]).astype(int).clip(0, np.array(taken.shape) - 1)
    far: np.ndarray = ndimage.distance_transform_edt(~taken)[tuple(columns.T)] * view.step >= apart_mm
    return far


def _around(hole: Hole, view: PlanView) -> np.ndarray:
    """Return the columns that a hole takes from its top to its bottom, bool of shape (I, J)."""
    axis, place = np.array(hole.axis_ras), np.array(hole.place_ras_mm)
    taken = np.zeros(view.outline.shape, bool)
    rows, columns = np.ogrid[: view.outline.shape[0], : view.outline.shape[1]]
    for depth in np.linspace(0, hole.depth_mm, 1 + int(np.ceil(hole.depth_mm))):
        i, j, _ = view.part.to_indices((place - depth * axis)[None])[0]
        taken |= np.hypot(rows - i, columns - j) * view.step <= hole.diameter_mm / 2
    return taken
