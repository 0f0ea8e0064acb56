"""``cranext finish``: turn an implant into a part that can be made and put in, and check how it fits."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.implant.finishing import FinishSettings


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("finish", help="turn an implant, such as an edited one, into a part that can be made")
    parser.add_argument("implant", metavar="IMPLANT", help="mask of the implant")
    parser.add_argument("--skull", required=True, metavar="FILE", help="mask of the defective skull")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--segment", metavar="NAME", help="segment or label of the skull, if its file holds several")
    parser.add_argument("--no-pictures", dest="pictures", action="store_false", help="leave out the pictures")
    add_finishing(parser)
    parser.set_defaults(run=_run)


def add_finishing(parser: argparse.ArgumentParser) -> None:
    """Declare the options of finishing. The defaults are not validated clinically; 0 leaves a step out."""
    from CraNeXtLib.implant.finishing.settings import FinishSettings
    from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL, DENSITIES_G_CM3

    default = FinishSettings()
    group = parser.add_argument_group("finishing", "Not validated clinically; 0 leaves a step out.")

    def add_length(name: str, text: str) -> None:
        value = getattr(default, name.strip("-").replace("-", "_"))
        group.add_argument(name, type=float, default=value, metavar="MM", help=f"{text}; default: %(default)s")

    add_length("--clearance-mm", "room between implant and bone")
    add_length("--edge-radius-mm", "radius of the border's outline")
    add_length("--under-contour-mm", "how far the outer side is set back, less beside the bone")
    group.add_argument(
        "--thickness-mm",
        type=float,
        nargs=2,
        default=(default.minimum_thickness_mm, default.maximum_thickness_mm),
        metavar=("MIN", "MAX"),
        help="least and greatest thickness, 0 for no limit; default: as the model made it",
    )
    group.add_argument(
        "--insertion",
        default=default.insertion,
        metavar="auto|none|R,A,S",
        help="way out, along which undercuts are removed, such as --insertion=-1,0,0.5; default: %(default)s",
    )
    group.add_argument(
        "--perforations-mm",
        type=float,
        nargs=3,
        metavar=("DIAMETER", "PITCH", "BORDER"),
        help="holes: diameter, distance between middles, distance from the border, such as 3 12 8; default: none",
    )
    group.add_argument("--engrave", default="", metavar="TEXT", help="engrave a case ID on the outer side")
    group.add_argument(
        "--material",
        default=DEFAULT_MATERIAL,
        choices=tuple(DENSITIES_G_CM3),
        help="for the weight; default: %(default)s",
    )


def finishing_of(options: argparse.Namespace) -> FinishSettings:
    """Return the finishing settings that the options name.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.implant.finishing.settings import FinishSettings

    settings = {
        "clearance_mm": options.clearance_mm,
        "edge_radius_mm": options.edge_radius_mm,
        "under_contour_mm": options.under_contour_mm,
        "minimum_thickness_mm": options.thickness_mm[0],
        "maximum_thickness_mm": options.thickness_mm[1],
        "insertion": options.insertion,
        "engraving": options.engrave,
    }
    if options.perforations_mm:
        names = ("perforation_diameter_mm", "perforation_pitch_mm", "perforation_border_mm")
        settings |= dict(zip(names, options.perforations_mm, strict=True))
    return FinishSettings(**settings)


def _run(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.cases.finishing_case import finish_case

    result = finish_case(
        options.implant,
        options.skull,
        options.out,
        finishing_of(options),
        material=options.material,
        orientation=options.orientation,
        segment=options.segment,
        pictures=options.pictures,
        progress=progress,
    )
    progress.end()
    print_part(result)
    for warning in result["warnings"]:
        print(f"Warning: {warning}")
    for name in result["files"]:
        print(Path(options.out) / name)
    print(RESEARCH_USE_NOTICE)


def print_part(result: dict[str, Any]) -> None:
    """Print what the part to make is like and how it fits."""
    fit, finishing = result["fit"], result["finishing"]
    print(
        f"{'Finished implant' if finishing else 'Implant as it is'}: {fit['volume_ml']:.1f} mL, "
        f"{fit['weight_g']:.0f} g in {fit['material']}, {'fits' if fit['fits'] else 'does NOT fit in every respect'}"
    )
    for criterion in fit["criteria"]:
        answer = {True: "yes", False: "NO", None: "not measured"}[criterion["passed"]]
        print(f"  {_QUESTIONS[criterion['name']]:42} {answer:13} {_measured(criterion)}".rstrip())


_QUESTIONS = {
    "rim_within": "Rim within tolerance?",
    "overlap": "Free of overlap with bone?",
    "wall": "Walls thick enough beside the rim?",
    "insertion": "Goes in along a straight line?",
    "watertight": "Surface closed?",
}


def _measured(criterion: dict[str, Any]) -> str:
    if criterion["value"] is None or criterion["unit"] not in ("mm", "%"):
        return ""
    return f"{criterion['value']:g} {criterion['unit']} (limit {criterion['threshold']:g})"
