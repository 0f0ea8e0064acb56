"""``cranext categorize``: divide a skull into eight regions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from CraNeXtLib import RESEARCH_USE_NOTICE


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("categorize", help="divide a skull into eight regions")
    parser.add_argument("skull", metavar="SKULL", help="mask of the skull, complete or not")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--implant", metavar="FILE", help="implant or defect, to tell its regions, side and size")
    parser.add_argument("--method", default="default", choices=("default", "official"), help="default: %(default)s")
    parser.add_argument("--template", metavar="FILE", help="label map to use instead of the bundled template")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--segment", metavar="NAME", help="segment or label to use, if SKULL holds several")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.categorization import categorize, format_table, write_results
    from CraNeXtLib.defect_analysis import analyse_defect
    from CraNeXtLib.region_pictures import draw_regions
    from CraNeXtLib.template import load_template
    from CraNeXtLib.volume_files import read_volume

    skull = read_volume(options.skull, orientation=options.orientation, segment=options.segment)
    template = load_template(options.template) if options.template else None
    implant = read_volume(options.implant, orientation=options.orientation) if options.implant else None
    result = categorize(skull, method=options.method, template=template, progress=progress)
    defect = analyse_defect(implant, result) if implant is not None else None
    files = write_results(result, options.out, implant=defect)
    draw_regions(result.labels, Path(options.out) / "regions.png")
    progress.end()
    print(format_table(result))
    if defect is not None:
        shares = ", ".join(f"{name} {share:.0f} %" for name, share in defect.percent.items() if share >= 0.5)
        print(f"Defect: {defect.side}, {defect.area_cm2:.1f} cm², {defect.volume_ml:.1f} mL: {shares}")
    for warning in result.warnings:
        print(f"Warning: {warning}")
    for name in [*files, "regions.png"]:
        print(Path(options.out) / name)
    print(RESEARCH_USE_NOTICE)
