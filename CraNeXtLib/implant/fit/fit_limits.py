"""When an implant fits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.settings import number_in
from CraNeXtLib.implant.finishing.settings import FinishSettings

GAP_TOLERANCE_MM = 1.0
"""How much wider than its clearance the gap around a part may be."""


@dataclass(frozen=True, kw_only=True)
class FitLimits:
    """When an implant fits. The defaults are ours and NOT VALIDATED CLINICALLY.

    Attributes:
        gap_mm: Widest gap to the bone within tolerance: the clearance that the part was made with, 0.5 mm by default,
            and ``GAP_TOLERANCE_MM``; see ``for_clearance``.
        overlap_mm: Deepest overlap with bone within tolerance: about half a voxel of a head CT.
        rim_percent: Least percentage of the rim within both tolerances. In a series of 39 PEEK implants, 95.17 % of the
            measurements were within its own tolerance (J Clin Med 2022, 11:2045).
        seat_deg: Least seat angle of the rim, see ``seat_angle``: 0°, and the error of measuring it on voxels.
        wall_mm: Least thickness of any wall, see ``thinnest_wall``.
        collision_mm: Deepest contact with bone on insertion that does not count as a collision.
    """

    gap_mm: float = FinishSettings().clearance_mm + GAP_TOLERANCE_MM
    overlap_mm: float = 0.3
    rim_percent: float = 95.0
    seat_deg: float = -5.0
    wall_mm: float = 2.0
    collision_mm: float = 0.3

    @classmethod
    def for_clearance(cls, clearance_mm: float, given: Mapping[str, float] | None = None) -> FitLimits:
        """Return the limits for a part that was made with a clearance to the bone.

        >>> FitLimits.for_clearance(1.6).gap_mm
        2.6

        Args:
            clearance_mm: The clearance, on which the widest gap depends.
            given: Limits by name that are set instead.

        Raises:
            InputError: If a limit has an unknown name or is no number from 0 up, or, for an angle, from -90.
        """
        numbers, names = dict[str, float](), [field.name for field in fields(cls)]
        for name, value in (given or {}).items():
            if name not in names:
                raise InputError(f"There is no fit limit '{name}'; choose one of {', '.join(names)} for --fit-limit.")
            least = -90 if name.endswith("_deg") else 0
            numbers[name] = number_in(value, least, math.inf, f"fit limit {name}")
        return cls(**{"gap_mm": round(clearance_mm + GAP_TOLERANCE_MM, 3), **numbers})
