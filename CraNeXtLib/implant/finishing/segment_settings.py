"""Settings of a part in several segments. NOT VALIDATED CLINICALLY: no source was found for the sizes of joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.settings import Ranges, Settings

JOINTS = ("lap", "gap")

SEGMENT_COUNTS = (2, 6)
"""Least and greatest number of segments."""

JOINT_SIZES = {"lap_mm": (2, 30), "joint_gap_mm": (0, 3)}
"""Lowest and highest value of each size."""


@dataclass(frozen=True, kw_only=True)
class SegmentSettings(Settings):
    """How the largest piece of an implant is split, for a part that is too large or too curved to go in as one.

    Args:
        count: Number of segments, of about the same volume, along the longest side of the piece. They are inserted in
            the order of their numbers.
        joint: ``"lap"`` for halves of the thickness that overlap, the later segment's on the outside; ``"gap"`` for
            straight walls.
        lap_mm: How far the halves of a lap joint overlap.
        joint_gap_mm: Gap between two segments, in place and on the insertion path.

    Raises:
        InputError: If a value is out of its range.
    """

    kind: ClassVar[str] = "segment setting"
    ranges: ClassVar[Ranges] = {"count": SEGMENT_COUNTS, **JOINT_SIZES}

    count: int = 2
    joint: str = "lap"
    lap_mm: float = 8.0
    joint_gap_mm: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.joint not in JOINTS:
            raise InputError(f"The joint of segments must be {' or '.join(JOINTS)}, not {shown(self.joint)}.")
