"""Settings of plates, screws, and holes for sutures. NOT VALIDATED CLINICALLY: no source was found for most sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.settings import Ranges, Settings

PLATE_KINDS = ("straight", "pocket")
SLOT_MM = 1.0
"""Least room for a suture beside a spur and beyond its tip."""
LEAST_WALL_MM = 1.0
"""Width and thickness of a spur in a part whose minimum wall is smaller."""

COUNTS = {"plates": (0, 40), "screws_per_side": (1, 4), "suture_holes": (0, 60), "suspension_holes": (0, 20)}
"""Lowest and highest value of each setting that is a whole number."""

SIZES = {
    "plate_spacing_mm": (0, 200),
    "plate_length_mm": (6, 60),
    "plate_width_mm": (2, 20),
    "plate_thickness_mm": (0.2, 3),
    "screw_diameter_mm": (0.8, 4),
    "screw_edge_mm": (0, 12),
    "screw_depth_mm": (0, 10),
    "hole_diameter_mm": (0.8, 6),
    "hole_edge_mm": (0, 12),
    "spur_mm": (0, 5),
    "midline_mm": (0, 60),
}
"""Lowest and highest value of each setting in millimeters."""


@dataclass(frozen=True, kw_only=True)
class FixationSettings(Settings):
    """How a part is fixed to the bone, and which holes it has for sutures.

    A publication gives 4 or 5 places, about 40 mm apart for small and 60 mm for large implants (doi
    10.3390/biomimetics8060498). For sizes of plates and screws, distances to edges and to the midline no source was
    found.

    Args:
        plates: Number of plates along the rim of each piece.
        plate_spacing_mm: Distance between plates along the rim, in place of their number.
        plate_kind: ``"straight"`` for plates on the surface, ``"pocket"`` for plates in recesses as deep as they are
            thick. In bone the surgeon has to mill the recess.
        plate_length_mm: Length of a plate, across the rim.
        plate_width_mm: Its width.
        plate_thickness_mm: Its thickness.
        screws_per_side: Screws of a plate in the bone, and as many in the part.
        screw_diameter_mm: Diameter of the screws' holes.
        screw_edge_mm: Least distance between a screw's hole and the edge of bone and part.
        screw_depth_mm: Least thickness of bone and part below a screw.
        suture_holes: Number of holes along the rim, for sutures.
        suspension_holes: Number of holes spread over the part, for sutures that suspend dura or muscle.
        hole_diameter_mm: Diameter of either.
        hole_edge_mm: Least distance between them and the edge of the part.
        spur_mm: How far a spur reaches from the wall of such a hole into its opening, away from the edge of the part;
            0 for none. See :mod:`CraNeXtLib.implant.finishing.spur`.
        midline_mm: Distance from the midline, where the superior sagittal sinus runs, within which there is no screw
            and no hole for sutures; 0 allows them.

    Raises:
        InputError: If a value is out of its range or the settings contradict each other.
    """

    kind: ClassVar[str] = "fixation setting"
    ranges: ClassVar[Ranges] = {**COUNTS, **SIZES}

    plates: int = 0
    plate_spacing_mm: float = 0.0
    plate_kind: str = "straight"
    plate_length_mm: float = 24.0
    plate_width_mm: float = 5.0
    plate_thickness_mm: float = 0.6
    screws_per_side: int = 2
    screw_diameter_mm: float = 1.5
    screw_edge_mm: float = 3.0
    screw_depth_mm: float = 3.0
    suture_holes: int = 0
    suspension_holes: int = 0
    hole_diameter_mm: float = 2.0
    hole_edge_mm: float = 5.0
    spur_mm: float = 0.0
    midline_mm: float = 15.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.plate_kind not in PLATE_KINDS:
            raise InputError(f"The kind of plates must be {' or '.join(PLATE_KINDS)}, not {shown(self.plate_kind)}.")
        if self.plates and self.plate_spacing_mm:
            raise InputError("Give either the number of plates or their spacing, not both.")
        if self.plate_spacing_mm and self.plate_spacing_mm < 2 * self.plate_width_mm:
            raise InputError("The spacing of plates must be at least twice their width.")

    @property
    def recess_mm(self) -> float:
        """Depth of the recesses for plates."""
        return self.plate_thickness_mm if self.plate_kind == "pocket" else 0.0

    @property
    def makes_plates(self) -> bool:
        """Whether there are plates to place."""
        return bool(self.plates or self.plate_spacing_mm)

    @property
    def makes_anything(self) -> bool:
        """Whether there are plates or holes to place; the sizes alone ask for nothing."""
        return self.makes_plates or bool(self.suture_holes or self.suspension_holes)

    def check_spurs(self, wall_mm: float) -> None:
        """Refuse spurs beside which a hole leaves no room for a suture.

        Args:
            wall_mm: Width and thickness of a spur.

        Raises:
            InputError: If there is no room, or the spur would be a bump.
        """
        if not self.spur_mm:
            return
        needed_mm = max(wall_mm + 2 * SLOT_MM, self.spur_mm + SLOT_MM)
        if self.hole_diameter_mm < needed_mm:
            raise InputError(
                f"A spur of {self.spur_mm:g} mm that is {wall_mm:g} mm wide, like the minimum wall, needs holes of "
                f"{needed_mm:g} mm for a suture beside it; set hole_diameter_mm to that, or change spur_mm or the "
                "minimum wall."
            )
        if self.spur_mm < wall_mm / 2:
            raise InputError(
                f"A spur of {self.spur_mm:g} mm that is {wall_mm:g} mm wide holds no suture; set spur_mm to "
                f"{wall_mm / 2:g} or more, or to 0 for none."
            )

    def screw_offsets_mm(self, clearance_mm: float, wall_mm: float) -> list[float]:
        """Return how far from the rim the screws are, on either side, nearest first.

        Args:
            clearance_mm: Gap between part and bone.
            wall_mm: Least wall between two screws.

        Raises:
            InputError: If a plate is too short for its screws.
        """
        first = max(self.screw_edge_mm, wall_mm) + self.screw_diameter_mm / 2 + clearance_mm + _SPARE_MM
        last = (self.plate_length_mm - self.plate_width_mm) / 2
        needed = first + (self.screws_per_side - 1) * (self.screw_diameter_mm + wall_mm)
        if last < needed:
            raise InputError(
                f"A plate of {self.plate_length_mm:g} mm is too short for {self.screws_per_side} screws on each side "
                f"that keep their distances; set plate_length_mm to {2 * needed + self.plate_width_mm:.1f} or more, or "
                "change the screws."
            )
        steps = self.screws_per_side - 1
        return [last - index * (last - first) / steps for index in range(steps, 0, -1)] + [last]


_SPARE_MM = 1.0  # for an outline that is not straight, and a gap wider than the clearance


def spur_wall_mm(minimum_wall_mm: float) -> float:
    """Return width and thickness of a spur in a part of a minimum wall."""
    return max(minimum_wall_mm, LEAST_WALL_MM)
