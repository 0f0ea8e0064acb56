"""The ``cranext`` command: its sub-commands, its exit status, and how it reports errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pkgutil import resolve_name

from CraNeXtLib.cli.command_parser import CommandParser
from CraNeXtLib.cli.progress_printer import ProgressPrinter
from CraNeXtLib.core.errors import CancelledError, CraNeXtError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__

COMMANDS = {
    "reconstruct": "CraNeXtLib.cli.commands.reconstruct:add_to",
    "batch": "CraNeXtLib.cli.commands.batch:add_to",
    "finish": "CraNeXtLib.cli.commands.finish:add_to",
    "categorize": "CraNeXtLib.cli.commands.categorize:add_to",
    "evaluate": "CraNeXtLib.cli.commands.evaluate:add_to",
    "defects": "CraNeXtLib.cli.commands.defects:add_to",
    "dataset": "CraNeXtLib.cli.commands.dataset:add_to",
    "train": "CraNeXtLib.cli.commands.train:add_to",
    "experiment": "CraNeXtLib.cli.commands.experiment:add_to",
    "models": "CraNeXtLib.cli.commands.models:add_to",
    "template": "CraNeXtLib.cli.commands.template:add_to",
    "demo": "CraNeXtLib.cli.commands.demo:add_to",
    "doctor": "CraNeXtLib.cli.commands.doctor:add_to",
}
"""Functions that declare the sub-commands, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 done, 2 bad input or usage, 3 no implant, 130 cancelled."""
    os.environ.pop("ITK_AUTOLOAD_PATH", None)  # Slicer sets this variable, which makes the ITK of antspyx crash
    progress = ProgressPrinter()
    try:
        options = _parser().parse_args(arguments)
        return options.run(options, progress) or 0
    except CraNeXtError as error:
        progress.end()
        print(f"cranext: error: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:  # a reader such as head closed the pipe early
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        progress.end()
        print("cranext: cancelled", file=sys.stderr)
        return CancelledError.exit_status


def _parser() -> argparse.ArgumentParser:
    description = f"Design cranial implants: reconstruct, finish, check and measure. {RESEARCH_USE_NOTICE}"
    parser = CommandParser(prog="cranext", description=description)
    parser.add_argument("--version", action="version", version=f"cranext {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add_to in COMMANDS.values():
        resolve_name(add_to)(commands)
    return parser
