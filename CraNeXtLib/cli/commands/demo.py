"""``cranext demo``: make an implant for the bundled skull, or rebuild that skull."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command, path_to_write
from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "demo", "make an implant for the bundled skull")
    parser.add_argument("--out", type=path_to_write, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--rebuild",
        metavar="BONES",
        help="instead, rebuild the bundled skull from the folder of the BodyParts3D meshes; --out is then the bundled "
        "folder unless given",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    if options.rebuild:
        _rebuild(options)
    elif options.out:
        _demonstrate(Path(options.out), progress)
    else:
        raise InputError("the following arguments are required: --out (see cranext demo --help)")


def _demonstrate(out: Path, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.demo import run_demo
    from CraNeXtLib.cli.commands.reconstruct import print_result

    result = run_demo(out, progress)
    progress.end()
    print_result(result, out)
    print(f"\nOpen this picture: {(out / 'implant.png').resolve()}")


def _rebuild(options: argparse.Namespace) -> None:
    from CraNeXtLib.cases.demo_skull import write_demo_skull
    from CraNeXtLib.core.resources import DEMO

    for path in write_demo_skull(options.rebuild, options.out or DEMO):
        print(path)
