"""``cranext defects``: cut synthetic defects into a complete skull."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import (
    add_command,
    add_count,
    add_mesh_frame,
    add_orientation,
    add_output_folder,
    add_seed,
    add_segments,
)
from CraNeXtLib.cli.printing import print_files, print_warnings
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS

    parser = add_command(commands, "defects", "cut synthetic defects into a complete skull")
    parser.add_argument("skull", metavar="SKULL", help="mask or mesh of a complete skull")
    add_output_folder(parser, "folder for the defective skulls and their implants")
    parser.add_argument("--kind", required=True, choices=KINDS, metavar="KIND", help=f"one of: {', '.join(KINDS)}")
    add_count(parser, "defects", default=1)
    add_seed(parser, "the first defect")
    add_orientation(parser)
    add_mesh_frame(parser)
    add_segments(parser, "skull")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.anatomy.head.mask_reading import read_skull
    from CraNeXtLib.anatomy.head.pose import upright_frame
    from CraNeXtLib.cases.case_folder import case_folder
    from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
    from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
    from CraNeXtLib.geometry.volume_files import write_volume

    given = MeshFrame.given(options.mesh_unit, options.mesh_space)
    read = read_skull(options.skull, orientation=options.orientation, segment=options.segment, frame=given)
    skull = read.mask
    progress("Finding the head's pose", 0.0)
    frame = upright_frame(skull)
    with case_folder(options.out, f"{options.kind}.json", inputs=[options.skull]) as folder:
        for number, seed in enumerate(range(options.seed, options.seed + options.count)):
            progress(f"Defect {number + 1} of {options.count}", number / options.count)
            implant = make_defect(skull, options.kind, seed=seed, frame=frame)
            name = f"{options.kind}-{seed:04d}"
            write_volume(skull.with_voxels(skull.voxels & ~implant.voxels), folder.path / f"{name}_defective.nrrd")
            write_volume(implant, folder.path / f"{name}_implant.nrrd")
        description = folder.write_description(
            {
                "format": "cranext-defects",
                "version": 1,
                "notice": RESEARCH_USE_NOTICE,
                "kind": options.kind,
                "seeds": list(range(options.seed, options.seed + options.count)),
                "warnings": list(read.warnings),
            }
        )
    progress.end()
    print_warnings(description)
    print_files(options.out, description["files"])
