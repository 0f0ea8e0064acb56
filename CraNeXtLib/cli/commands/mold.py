"""``cranext mold``: make the mold in which a part is cast."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from CraNeXtLib.cli.command_parser import (
    add_case_id,
    add_command,
    add_mesh_frame,
    add_orientation,
    add_output_folder,
    add_segments,
)
from CraNeXtLib.cli.printing import print_outcome

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter
    from CraNeXtLib.implant.mold import MoldSettings


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "mold", "make the mold of a part, of two keyed halves, and check it")
    parser.add_argument("part", metavar="PART", help="mesh of the part, such as finished_implant.stl")
    parser.add_argument("--skull", required=True, metavar="FILE", help="mask or mesh of the defective skull")
    add_output_folder(parser)
    add_orientation(parser)
    add_mesh_frame(parser)
    add_segments(parser, "skull", "part")
    add_case_id(parser, "skull")
    text = "also make a spring form: a mold of the outer side, and the ring of the defect's margin"
    parser.add_argument("--spring-form", action="store_true", help=text)
    parser.add_argument(
        "--replace", action="store_true", help="replace the mold that an earlier run wrote into the folder"
    )
    _add_settings(parser)
    parser.set_defaults(run=_run)


_NUMBERS = {
    "undercut-mm": "undercuts up to this depth are filled, a part with a deeper one is refused",
    "wall-mm": "least thickness of the mold over the cavity, and around keys and channels",
    "land-mm": "width of the seam around the cavity on which the halves meet",
    "channel-mm": "width of the overflow channel around the seam; 0 for none",
    "sprue-mm": "diameter of the sprue, which is where the part is highest",
    "vents": "number of vents, at the next highest places",
    "vent-mm": "diameter of the vents",
    "keys": "number of registration keys",
    "key-mm": "diameter of the keys",
    "key-clearance-mm": "gap around the keys",
    "press-margin-mm": "gap between the halves outside the seam, so that only the seam carries the press; 0 for none",
    "ring-mm": "width of the ring of the spring form",
    "shrinkage-percent": "shrinkage of the material, by which the cavity is larger about the part's center",
}


def _add_settings(parser: argparse.ArgumentParser) -> None:
    from CraNeXtLib.implant.mold.settings import POUR_SIDES, MoldSettings

    default = MoldSettings()
    group = parser.add_argument_group("mold", "Figures without a source, not validated clinically.")
    group.add_argument(
        "--opening",
        default=default.opening,
        metavar="auto|R,A,S",
        help="direction out of the head in which the mold opens, such as --opening=-1,0,0.5; default: the one in which "
        "the part is undercut least",
    )
    group.add_argument(
        "--pour",
        choices=POUR_SIDES,
        default=default.pour,
        help="side of the part that is up when the material is poured; default: %(default)s",
    )
    group.add_argument(
        "--build-mm",
        type=float,
        nargs=3,
        metavar=("WIDTH", "DEPTH", "HEIGHT"),
        help="largest size of what can be printed; larger halves are split into keyed pieces; default: no limit",
    )
    for name, text in _NUMBERS.items():
        value = getattr(default, name.replace("-", "_"))
        kind, metavar = (int, "N") if isinstance(value, int) else (float, "MM" if name.endswith("mm") else "PERCENT")
        group.add_argument(f"--{name}", type=kind, default=value, metavar=metavar, help=f"{text}; default: %(default)s")


def mold_settings_of(options: argparse.Namespace) -> MoldSettings:
    """Return the settings that the options describe.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.implant.mold.settings import MoldSettings

    names = ["opening", "pour", "build_mm", *(name.replace("-", "_") for name in _NUMBERS)]
    return MoldSettings(**{name: getattr(options, name) for name in names})


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.mold_case import mold_case

    result = mold_case(
        options.part,
        options.skull,
        options.out,
        mold_settings_of(options),
        orientation=options.orientation,
        segment=options.segment,
        part_segment=options.part_segment,
        mesh_unit=options.mesh_unit,
        mesh_space=options.mesh_space,
        spring_form=options.spring_form,
        case_id=options.case_id,
        replace=options.replace,
        progress=progress,
    )
    progress.end()
    print_mold(result)
    print_outcome(result, options.out)


def print_mold(result: dict[str, Any]) -> None:
    """Print the mold that ``mold_case`` describes, and its check."""
    mold = result["mold"]
    check, material = mold["check"], mold["material_ml"]
    width, depth, height = mold["size_mm"]
    right, anterior, superior = mold["opening_ras"]
    print(f"Mold: {width:.0f} x {depth:.0f} x {height:.0f} mm, opens along RAS {right:g}, {anterior:g}, {superior:g}")
    print(
        f"Material: {material['total']:.1f} mL: part {material['part']:.1f}, sprue and vents "
        f"{material['sprue_and_vents']:.1f}, overflow {material['overflow']:.1f}"
    )
    print(f"Cavity off the molded part by at most {check['cavity_mm']:.3f} mm (limit {check['tolerance_mm']:g} mm)")
    print("The halves are closed and come apart without collision")
