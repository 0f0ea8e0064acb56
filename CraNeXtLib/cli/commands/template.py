"""``cranext template``: build the template of the skull's regions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_actions, add_command

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter

_SKULLS = 20  # aligning a skull takes seconds, and the mean size hardly changes with more of them


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    from CraNeXtLib.core.resources import TEMPLATE

    actions = add_actions(add_command(commands, "template", "build the template of the skull's regions"))
    build = add_command(actions, "build", "build a template from bones, a label map or a segmentation")
    build.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="folder of the BodyParts3D meshes, label map, or .seg.nrrd whose segments are named after the regions",
    )
    build.add_argument(
        "--skulls", type=Path, metavar="DIR", help="folder of complete skulls (.nrrd) whose mean size it gets"
    )
    build.add_argument(
        "--out", type=Path, default=TEMPLATE, metavar="FILE", help="file to write; default: the bundled template"
    )
    build.set_defaults(run=_build)


def _build(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.anatomy.head.template_building import build_template, read_regions
    from CraNeXtLib.geometry.volume_files import read_volume, write_volume

    files = sorted(options.skulls.glob("*.nrrd")) if options.skulls else []
    chosen = files[:: max(1, len(files) // _SKULLS)][:_SKULLS]
    progress("Reading", 0.0)
    regions = read_regions(options.source)
    progress("Building the template", 0.2)
    template = build_template(regions, map(read_volume, chosen))
    write_volume(template, options.out)
    progress.end()
    print(f"{options.out}: {template.shape}, size from {len(chosen)} skulls")
