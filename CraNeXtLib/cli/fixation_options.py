"""Options for plates, screws, and holes for sutures."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_numbers

if TYPE_CHECKING:
    from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings


def add_fixation(parser: argparse.ArgumentParser) -> None:
    """Declare the options of fixation."""
    from CraNeXtLib.implant.finishing.fixation_settings import PLATE_KINDS, SIZES, FixationSettings

    default = FixationSettings()
    group = parser.add_argument_group("fixation", "Not validated clinically; nothing is made unless it is asked for.")
    number = group.add_mutually_exclusive_group()
    number.add_argument("--plates", type=int, default=0, metavar="N", help="number of plates along the rim of a piece")
    number.add_argument(
        "--plate-spacing-mm", type=float, default=0.0, metavar="MM", help="distance between plates, such as 40 or 60"
    )
    group.add_argument(
        "--plate-kind",
        choices=PLATE_KINDS,
        default=default.plate_kind,
        help="plates on the surface, or in recesses as deep as they are thick; default: %(default)s",
    )
    group.add_argument("--suture-holes", type=int, default=0, metavar="N", help="number of holes along the rim")
    group.add_argument(
        "--suspension-holes", type=int, default=0, metavar="N", help="number of holes spread over the part"
    )
    group.add_argument(
        "--midline-mm",
        type=float,
        default=default.midline_mm,
        metavar="MM",
        help="distance from the midline and its sinus without screws and such holes; default: %(default)s",
    )
    names = ["screws_per_side", *(name for name in SIZES if name not in ("plate_spacing_mm", "midline_mm"))]
    text = "size of plates, screws and holes, such as plate_length_mm=20"
    add_numbers(group, "--fixation", names, text, dest="fixation_sizes")


def fixation_of(options: argparse.Namespace) -> FixationSettings | None:
    """Return the settings that the options describe; None if nothing is asked for.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings

    asked = {
        name: getattr(options, name) for name in ("plates", "plate_spacing_mm", "suture_holes", "suspension_holes")
    }
    settings = FixationSettings(
        **asked, plate_kind=options.plate_kind, midline_mm=options.midline_mm, **options.fixation_sizes
    )
    if settings.makes_anything:
        return settings
    if options.fixation_sizes:
        raise InputError(
            "--fixation sets sizes of plates and holes, but none are asked for; add --plates, --plate-spacing-mm, "
            "--suture-holes or --suspension-holes."
        )
    return None
