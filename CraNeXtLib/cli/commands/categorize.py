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
    from CraNeXtLib.cases.categorization_case import categorize_case

    names = ("implant", "method", "template", "orientation", "segment")
    settings = {name: getattr(options, name) for name in names}
    result = categorize_case(options.skull, options.out, **settings, progress=progress)
    progress.end()
    print(_table(result["regions"]))
    if "implant" in result:
        defect = result["implant"]
        shares = ", ".join(f"{name} {share:.0f} %" for name, share in defect["percent"].items() if share >= 0.5)
        print(f"Defect: {defect['side']}, {defect['area_cm2']:.1f} cm², {defect['volume_ml']:.1f} mL: {shares}")
    for warning in result["warnings"]:
        print(f"Warning: {warning}")
    for name in result["files"]:
        print(Path(options.out) / name)
    print(RESEARCH_USE_NOTICE)


def _table(regions: list[dict[str, Any]]) -> str:
    lines = [f"{'Label':>5}  {'Region':<20}{'Voxels':>10}{'mL':>9}{'%':>7}{'cm²':>8}"]
    lines += [
        f"{row['label']:>5}  {row['name']:<20}{row['voxels']:>10}{row['volume_ml']:>9.1f}{row['percent']:>7.1f}"
        f"{row['area_cm2']:>8.1f}"
        for row in regions
    ]
    return "\n".join(lines)
