"""How an implant is finished, in millimetres. The defaults are ours and NOT VALIDATED CLINICALLY."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError

INSERTIONS = ("auto", "none")

_RANGES = {
    "clearance_mm": (0, 5),
    "edge_radius_mm": (0, 10),
    "under_contour_mm": (0, 5),
    "minimum_thickness_mm": (0, 20),
    "maximum_thickness_mm": (0, 30),
    "perforation_diameter_mm": (0, 20),
    "perforation_pitch_mm": (1, 100),
    "perforation_border_mm": (0, 100),
}


@dataclass(frozen=True, kw_only=True)
class FinishSettings:
    """The steps between a model's implant and a part that can be made; 0, "none" or no text leaves a step out.

    Common practice leaves 0.5 to 1 mm to the bone; no source was found that validates this or any other default here.

    Args:
        clearance_mm: Room between implant and bone, in place and on the way in.
        edge_radius_mm: Radius of the border's outline: parts that a ball of this radius cannot reach on its way along
            the bone, such as spurs into small pits of the bone's edge, are left out. So are slivers thinner than it,
            and sharp edges are rounded by half of it.
        under_contour_mm: How far the outer side is set back, for a wound that closes without tension (Nout and
            Mommaerts 2018); it fades out towards the bone.
        minimum_thickness_mm: Thinner places are thickened on the inner side.
        maximum_thickness_mm: Thicker places are thinned on the inner side.
        insertion: Way along which the implant comes out of its place: ``"auto"`` for the direction that costs least of
            the implant, ``"none"`` to keep undercuts, or three numbers, a direction in RAS that points out of the
            head. What would collide with bone on this straight way is left out.
        perforation_diameter_mm: Diameter of holes through the implant.
        perforation_pitch_mm: Distance between their middles.
        perforation_border_mm: Least distance of a hole from the border.
        engraving: Text, such as a case ID, engraved on the outer side; letters, digits and simple signs.

    Raises:
        InputError: If a number is out of its range or the settings contradict each other.
    """

    clearance_mm: float = 0.5
    edge_radius_mm: float = 1.0
    under_contour_mm: float = 0.0
    minimum_thickness_mm: float = 0.0
    maximum_thickness_mm: float = 0.0
    insertion: str | tuple[float, float, float] = "auto"
    perforation_diameter_mm: float = 0.0
    perforation_pitch_mm: float = 12.0
    perforation_border_mm: float = 8.0
    engraving: str = ""

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise InputError(f"The finishing setting {name} must be a number from {low} to {high}, not {value!r}.")
        if 0 < self.maximum_thickness_mm < max(self.minimum_thickness_mm, 0.5):
            raise InputError("The maximum thickness must be 0 (off) or at least 0.5 mm and the minimum thickness.")
        if 0 < self.perforation_diameter_mm >= self.perforation_pitch_mm:
            raise InputError("The pitch of the perforations must be larger than their diameter.")
        if not isinstance(self.engraving, str) or len(self.engraving) > 24 or not self.engraving.isprintable():
            raise InputError("The engraving must be a line of at most 24 characters.")
        object.__setattr__(self, "insertion", _insertion(self.insertion))

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> FinishSettings:
        """Make settings from JSON.

        Raises:
            InputError: If a name is unknown or a value cannot be used.
        """
        unknown = set(settings) - {f.name for f in fields(cls)}
        if unknown:
            raise InputError(f"There is no finishing setting {', '.join(sorted(unknown))}; check its spelling.")
        return cls(**settings)


def _insertion(value: Any) -> str | tuple[float, float, float]:
    """Return ``"auto"``, ``"none"`` or a unit vector."""
    if isinstance(value, str) and value in INSERTIONS:
        return value
    try:
        direction = np.array(value.split(",") if isinstance(value, str) else value, dtype=float)
    except (TypeError, ValueError):
        direction = np.zeros(0)
    length = float(np.linalg.norm(direction))
    if direction.shape != (3,) or not np.isfinite(length) or length < 1e-6:
        raise InputError(
            f"The insertion must be auto, none or a direction R,A,S such as -1,0,0.5, not {_written(value)}."
        )
    return tuple((direction / length).tolist())


def _written(value: Any) -> str:
    return ",".join(str(v) for v in value) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)
