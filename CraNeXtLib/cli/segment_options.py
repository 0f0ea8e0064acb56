"""Options for a part in several segments."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings


def add_segmentation(parser: argparse.ArgumentParser) -> None:
    """Declare the options of segments."""
    from CraNeXtLib.implant.finishing.segment_settings import JOINTS, SegmentSettings

    default = SegmentSettings()
    group = parser.add_argument_group("segments", "Not validated clinically; the part is in one unless it is split.")
    group.add_argument(
        "--segments", type=int, default=1, metavar="N", help="number of segments of the largest piece; default: 1"
    )
    group.add_argument(
        "--joint",
        choices=JOINTS,
        help=f"halves of the thickness that overlap, or straight walls; default: {default.joint}",
    )
    group.add_argument(
        "--lap-mm", type=float, metavar="MM", help=f"how far a lap joint overlaps; default: {default.lap_mm:g}"
    )
    group.add_argument(
        "--joint-gap-mm",
        type=float,
        metavar="MM",
        help=f"gap between segments, in place and on the way in; default: {default.joint_gap_mm:g}",
    )


def segments_of(options: argparse.Namespace) -> SegmentSettings | None:
    """Return the settings that the options describe; None for a part in one.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings

    names = ("joint", "lap_mm", "joint_gap_mm")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.segments != 1:
        return SegmentSettings(count=options.segments, **given)
    if given:
        raise InputError("--joint, --lap-mm and --joint-gap-mm are about segments; add --segments 2 or more.")
    return None
