"""``cranext categorize``: divide a skull into eight regions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from CraNeXtLib.cli.command_parser import add_command, add_mesh_frame, add_orientation, add_output_folder, add_segments
from CraNeXtLib.cli.printing import print_outcome

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "categorize", "divide a skull into eight regions")
    parser.add_argument("skull", metavar="SKULL", help="mask or mesh of the skull, complete or defective")
    add_output_folder(parser)
    parser.add_argument("--implant", metavar="FILE", help="implant or defect whose regions, side and size are reported")
    parser.add_argument(
        "--method",
        default="default",
        choices=("default", "official"),
        help="this project's registration or the published one; default: %(default)s",
    )
    parser.add_argument("--template", metavar="FILE", help="label map to use instead of the bundled template")
    add_orientation(parser)
    add_mesh_frame(parser)
    add_segments(parser, "skull", "implant")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.categorization_case import categorize_case

    result = categorize_case(
        options.skull,
        options.out,
        implant=options.implant,
        method=options.method,
        template=options.template,
        orientation=options.orientation,
        segment=options.segment,
        implant_segment=options.implant_segment,
        mesh_unit=options.mesh_unit,
        mesh_space=options.mesh_space,
        progress=progress,
    )
    progress.end()
    print(_table(result["regions"]))
    if "implant" in result:
        defect = result["implant"]
        regions = ", ".join(f"{name} {percent:.0f} %" for name, percent in defect["percent"].items() if percent >= 0.5)
        print(f"Defect: {defect['side']}, {defect['area_cm2']:.1f} cm², {defect['volume_ml']:.1f} mL: {regions}")
    print_outcome(result, options.out)


def _table(regions: list[dict[str, Any]]) -> str:
    lines = [f"{'Label':>5}  {'Region':<20}{'Voxels':>10}{'mL':>9}{'%':>7}{'cm²':>8}"]
    lines += [
        f"{row['label']:>5}  {row['name']:<20}{row['voxels']:>10}{row['volume_ml']:>9.1f}{row['percent']:>7.1f}"
        f"{row['area_cm2']:>8.1f}"
        for row in regions
    ]
    return "\n".join(lines)
