"""How report and approval sheet word the segments of a part."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.cases.report.wording import Rows, direction_text

SEGMENTS_NOTE = (
    "The segments go in one after the other, in the order of their numbers. Sizes of joints are settings and not "
    "validated clinically."
)


def segment_rows(result: dict[str, Any]) -> Rows:
    """Return a row for each segment; none for a part in one."""
    return [(f"Segment {one['number']}", _segment(one)) for one in result.get("segments", ())]


def _segment(one: dict[str, Any]) -> str:
    meets = f"meets bone or a segment, {one['collision_mm']:.1f} mm deep" if one["collision_mm"] else "free"
    gap = "" if one["joint_gap_mm"] is None else f"; at least {one['joint_gap_mm']:.1f} mm from those before"
    return (
        f"{one['volume_ml']:.1f} mL; way in {meets}, outward {direction_text(one['outward_ras'])}{gap}; {one['file']}, "
        f"{'watertight' if one['watertight'] else 'NOT watertight'}"
    )
