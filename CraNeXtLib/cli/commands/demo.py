"""``cranext demo``: make an implant for the bundled skull."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("demo", help="make an implant for the bundled skull")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.cases.demo import run_demo
    from CraNeXtLib.cli.commands.reconstruct import print_result

    result = run_demo(options.out, progress)
    progress.end()
    print_result(result, Path(options.out))
    print(f"\nOpen this picture: {(Path(options.out) / 'implant.png').resolve()}")
