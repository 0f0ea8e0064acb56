"""Settings of finishing, in millimeters. The defaults are ours and NOT VALIDATED CLINICALLY."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.settings import Ranges, Settings
from CraNeXtLib.implant.direction import unit_direction
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings, spur_wall_mm
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings

INSERTIONS = ("auto", "none")

RANGES = {
    "clearance_mm": (0, 5),
    "edge_radius_mm": (0, 10),
    "minimum_wall_mm": (0, 5),
    "rim_bevel_deg": (0, 45),
    "under_contour_mm": (0, 5),
    "temporal_bulk_ml": (0, 50),
    "minimum_thickness_mm": (0, 20),
    "maximum_thickness_mm": (0, 30),
    "perforation_diameter_mm": (0, 20),
    "perforation_pitch_mm": (1, 100),
    "perforation_border_mm": (0, 100),
}
"""Lowest and highest value of each setting that is a number."""


@dataclass(frozen=True, kw_only=True)
class FinishSettings(Settings):
    """The steps from a raw implant to a part that can be manufactured; 0, "none" or an empty text skips a step.

    Common practice leaves 0.5 to 1 mm to the bone; no source was found that validates this or any other default here.

    Args:
        clearance_mm: Gap between implant and bone, in place and on the insertion path.
        edge_radius_mm: Radius of the border's outline. What a ball of this radius cannot reach along the bone, such as
            spurs into small pits of the bone's edge, is removed, and so are slivers thinner than this radius. Sharp
            edges are rounded by half of it.
        minimum_wall_mm: Thinnest wall: edges at the bone end blunt with this thickness instead of like a feather, and
            holes keep this distance from each other, from the border and from the engraving. The default is the limit
            of the fit check.
        rim_bevel_deg: Least angle between the rim's wall and the insertion direction: the part widens outward by at
            least this much and seats on the bone instead of sinking in. It costs material at the lower edge, where the
            gap to the bone becomes wider.
        under_contour_mm: How far the outer surface is set back, so that the wound closes without tension (Nout and
            Mommaerts 2018); fades out toward the bone.
        temporal_bulk_ml: Volume added on the outer side over the temple, in place of missing muscle; flush at
            the rim. It comes on top of the greatest thickness. See :mod:`CraNeXtLib.implant.finishing.bulk`.
        minimum_thickness_mm: Thinner areas are thickened on the inner side.
        maximum_thickness_mm: Thicker areas are thinned on the inner side.
        insertion: Direction in which the implant is removed: ``"auto"`` for the one that costs the least of the
            implant, ``"none"`` to keep undercuts, or three numbers, a direction in RAS that points out of the head.
            What would collide with bone on this straight path is removed.
        perforation_diameter_mm: Diameter of holes through the implant.
        perforation_pitch_mm: Distance between their centers.
        perforation_border_mm: Least distance of a hole from the border.
        fixation: Plates, screws, and holes for sutures; None for none. See :class:`FixationSettings`.
        segments: How the largest piece is split; None for a part in one. See :class:`SegmentSettings`.
        engraving: Text of up to 24 characters, such as a case ID, engraved on the outer surface.

    Raises:
        InputError: If a number is out of its range or the settings contradict each other.
    """

    kind: ClassVar[str] = "finishing setting"
    ranges: ClassVar[Ranges] = RANGES

    clearance_mm: float = 0.5
    edge_radius_mm: float = 1.0
    minimum_wall_mm: float = 2.0
    rim_bevel_deg: float = 0.0
    under_contour_mm: float = 0.0
    temporal_bulk_ml: float = 0.0
    minimum_thickness_mm: float = 0.0
    maximum_thickness_mm: float = 0.0
    insertion: str | tuple[float, float, float] = "auto"
    perforation_diameter_mm: float = 0.0
    perforation_pitch_mm: float = 12.0
    perforation_border_mm: float = 8.0
    engraving: str = ""
    fixation: FixationSettings | None = None
    segments: SegmentSettings | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if 0 < self.maximum_thickness_mm < max(self.minimum_thickness_mm, 0.5):
            raise InputError(
                "The maximum thickness must be 0 (off), or at least 0.5 mm and not below the minimum thickness."
            )
        if self.fixation:
            self.fixation.check_spurs(spur_wall_mm(self.minimum_wall_mm))
            if self.fixation.makes_plates:
                self.fixation.screw_offsets_mm(self.clearance_mm, self.minimum_wall_mm)
        if self.perforation_diameter_mm:
            self._check_perforations()
        if not isinstance(self.engraving, str) or len(self.engraving) > 24 or not self.engraving.isprintable():
            raise InputError("The engraving must be a single line of at most 24 characters.")
        object.__setattr__(self, "insertion", _insertion(self.insertion))
        if self.rim_bevel_deg and self.insertion == "none":
            raise InputError("A rim bevel needs an insertion direction; choose one, or set the rim bevel to 0.")
        if self.segments and self.insertion == "none":
            raise InputError("Segments need a way in; choose an insertion direction, or no --segments.")
        if self.segments and self.temporal_bulk_ml:
            raise InputError("A part in segments gets no bulk; set temporal_bulk_ml to 0, or leave out --segments.")

    def _check_perforations(self) -> None:
        wall = self.minimum_wall_mm
        if self.perforation_diameter_mm >= self.perforation_pitch_mm:
            raise InputError("The perforation pitch must be larger than the perforation diameter.")
        if self.perforation_pitch_mm - self.perforation_diameter_mm < wall or self.perforation_border_mm < wall:
            raise InputError(
                f"Between two perforations and at the border there must be the minimum wall of {wall:g} mm; increase "
                "the perforations' pitch or border distance, or reduce the minimum wall."
            )


def _insertion(value: Any) -> str | tuple[float, float, float]:
    """Return ``"auto"``, ``"none"`` or a unit vector."""
    if isinstance(value, str) and value in INSERTIONS:
        return value
    direction = unit_direction(value)
    if direction is None:
        raise InputError(
            f"The insertion must be auto, none or a direction R,A,S such as -1,0,0.5, not {_formatted(value)}."
        )
    return direction


def _formatted(value: Any) -> str:
    """Return a wrong direction as a user would write it."""
    return ",".join(str(v) for v in value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
