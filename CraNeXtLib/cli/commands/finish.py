"""``cranext finish``: turn an implant into a part that can be made and inserted, and check its fit."""

from __future__ import annotations

import argparse
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from CraNeXtLib.cli.command_parser import (
    add_added_meshes,
    add_case_id,
    add_command,
    add_mesh_frame,
    add_numbers,
    add_orientation,
    add_output_folder,
    add_segments,
)
from CraNeXtLib.cli.fixation_options import add_fixation, fixation_of
from CraNeXtLib.cli.printing import print_criteria, print_outcome, print_verdict
from CraNeXtLib.cli.segment_options import add_segmentation, segments_of

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter
    from CraNeXtLib.implant.finishing import FinishSettings


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "finish", "turn an implant into a part that can be made, and check its fit")
    parser.add_argument("implant", metavar="IMPLANT", help="mask or mesh of the implant, such as an edited one")
    parser.add_argument("--skull", required=True, metavar="FILE", help="mask or mesh of the defective skull")
    add_output_folder(parser)
    add_orientation(parser)
    add_mesh_frame(parser)
    add_segments(parser, "skull", "implant")
    add_added_meshes(parser)
    parser.add_argument(
        "--onlay-mm",
        type=float,
        nargs=2,
        metavar=("THICKNESS", "OVERLAP"),
        help="also write a titanium sheet over the defect, and its outline laid flat: its thickness, and how far it "
        "reaches over the bone, such as 0.6 10; not validated clinically",
    )
    add_case_id(parser, "skull")
    parser.add_argument("--no-report", dest="report", action="store_false", help="write no report and no sheet")
    parser.add_argument(
        "--replace", action="store_true", help="replace the part that an earlier run wrote into the folder"
    )
    add_finishing(parser)
    parser.set_defaults(run=_run)


def add_finishing(parser: argparse.ArgumentParser) -> None:
    """Declare the finishing options. The defaults are not validated clinically; 0 skips a step."""
    from CraNeXtLib.implant.finishing.settings import FinishSettings
    from CraNeXtLib.implant.fit.fit_limits import FitLimits
    from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL, DENSITIES_G_CM3

    default = FinishSettings()
    group = parser.add_argument_group("finishing", "Not validated clinically; 0 skips a step.")

    def add_length(name: str, text: str) -> None:
        value = getattr(default, name.strip("-").replace("-", "_"))
        group.add_argument(name, type=float, default=value, metavar="MM", help=f"{text}; default: %(default)s")

    add_length("--clearance-mm", "gap between implant and bone")
    add_length("--edge-radius-mm", "radius that rounds the border's outline")
    add_length("--minimum-wall-mm", "thinnest wall: of edges at the bone, between holes, between holes and engraving")
    group.add_argument(
        "--rim-bevel-deg",
        type=float,
        default=default.rim_bevel_deg,
        metavar="DEG",
        help="least angle by which the rim widens outward, to seat on the bone; default: %(default)s",
    )
    add_length("--under-contour-mm", "how far the outer surface is set back, fading out toward the bone")
    group.add_argument(
        "--temporal-bulk-ml",
        type=float,
        default=default.temporal_bulk_ml,
        metavar="ML",
        help="volume added on the outer side over the temple, in place of missing muscle, flush at the rim; default: "
        "none",
    )
    group.add_argument(
        "--thickness-mm",
        type=float,
        nargs=2,
        default=(default.minimum_thickness_mm, default.maximum_thickness_mm),
        metavar=("MIN", "MAX"),
        help="minimum and maximum thickness, 0 for no limit; default: as the model made it",
    )
    group.add_argument(
        "--insertion",
        default=default.insertion,
        metavar="auto|none|R,A,S",
        help="direction out of the head along which undercuts are removed, such as --insertion=-1,0,0.5; "
        "default: %(default)s",
    )
    group.add_argument(
        "--perforations-mm",
        type=float,
        nargs=3,
        metavar=("DIAMETER", "PITCH", "BORDER"),
        help="holes: diameter, distance between centers, and distance from the border, such as 3 12 8; default: none",
    )
    group.add_argument("--engrave", default="", metavar="TEXT", help="engrave a case ID on the outer surface")
    group.add_argument(
        "--material",
        default=DEFAULT_MATERIAL,
        choices=tuple(DENSITIES_G_CM3),
        help="material whose density the weight is computed with; it changes nothing else; default: %(default)s",
    )
    names = [field.name for field in fields(FitLimits)]
    add_numbers(group, "--fit-limit", names, "limit of the fit check, such as gap_mm=2", dest="fit_limits")
    add_fixation(parser)
    add_segmentation(parser)


def finishing_of(options: argparse.Namespace) -> FinishSettings:
    """Return the finishing settings that the options describe.

    Raises:
        InputError: If one cannot be used.
    """
    from CraNeXtLib.implant.finishing.settings import FinishSettings

    settings = {
        "clearance_mm": options.clearance_mm,
        "edge_radius_mm": options.edge_radius_mm,
        "minimum_wall_mm": options.minimum_wall_mm,
        "rim_bevel_deg": options.rim_bevel_deg,
        "under_contour_mm": options.under_contour_mm,
        "temporal_bulk_ml": options.temporal_bulk_ml,
        "minimum_thickness_mm": options.thickness_mm[0],
        "maximum_thickness_mm": options.thickness_mm[1],
        "insertion": options.insertion,
        "engraving": options.engrave,
        "fixation": fixation_of(options),
        "segments": segments_of(options),
    }
    if options.perforations_mm:
        names = ("perforation_diameter_mm", "perforation_pitch_mm", "perforation_border_mm")
        settings |= dict(zip(names, options.perforations_mm, strict=True))
    return FinishSettings(**settings)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.finishing_case import finish_case

    result = finish_case(
        options.implant,
        options.skull,
        options.out,
        finishing_of(options),
        material=options.material,
        fit_limits=options.fit_limits,
        orientation=options.orientation,
        segment=options.segment,
        implant_segment=options.implant_segment,
        mesh_unit=options.mesh_unit,
        mesh_space=options.mesh_space,
        bone_model_mm=options.bone_model_mm,
        glb=options.glb,
        bone_base_mm=options.bone_base_mm,
        skull_model_mm=options.skull_model_mm,
        onlay_mm=options.onlay_mm,
        case_id=options.case_id,
        report=options.report,
        replace=options.replace,
        progress=progress,
    )
    progress.end()
    print_verdict(result)
    print_part(result)
    print_outcome(result, options.out)


def print_part(result: dict[str, Any]) -> None:
    """Print the part to be made and how it fits.

    Args:
        result: Content of a JSON description with ``finishing`` and ``fit``.
    """
    fit, finishing = result["fit"], result["finishing"]
    print(
        f"{'Finished implant' if finishing else 'Implant as it is'}: {fit['volume_ml']:.1f} mL, "
        f"{fit['weight_g']:.0f} g if of solid {fit['material']}"
    )
    print_criteria(fit["criteria"])
