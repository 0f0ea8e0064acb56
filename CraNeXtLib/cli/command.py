"""The ``cranext`` command: its errors, exit status and progress. What each sub-command does is in ``commands``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pkgutil import resolve_name
from typing import NoReturn

from CraNeXtLib import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.errors import CancelledError, CraNeXtError, InputError

COMMANDS = (
    "reconstruct",
    "batch",
    "finish",
    "categorize",
    "evaluate",
    "defects",
    "dataset",
    "train",
    "experiment",
    "models",
    "demo",
    "doctor",
)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors look like every other error of ours."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see {self.prog} --help)")


class ProgressPrinter:
    """Shows progress on standard error: one line that changes on a terminal, one line a stage elsewhere."""

    def __init__(self) -> None:
        self._stage = ""
        self._live = sys.stderr.isatty()

    def __call__(self, stage: str, fraction: float) -> None:
        if self._live:
            print(f"\r\033[K{fraction:4.0%}  {stage}", end="", file=sys.stderr, flush=True)
        elif stage != self._stage:
            print(f"{fraction:4.0%}  {stage}", file=sys.stderr, flush=True)
        self._stage = stage

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._stage:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0 done, 2 bad input or usage, 3 no implant, 130 cancelled."""
    os.environ.pop("ITK_AUTOLOAD_PATH", None)  # inside Slicer's environment it makes the ITK of antspyx crash
    progress = ProgressPrinter()
    try:
        options = _parser().parse_args(arguments)
        return options.run(options, progress) or 0
    except CraNeXtError as error:
        progress.end()
        print(f"cranext: error: {error}", file=sys.stderr)
        return error.exit_status
    except BrokenPipeError:  # the reader of our output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        progress.end()
        print("cranext: cancelled", file=sys.stderr)
        return CancelledError.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="cranext", description=f"Cranial implant design. {RESEARCH_USE_NOTICE}")
    parser.add_argument("--version", action="version", version=f"cranext {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in COMMANDS:
        resolve_name(f"CraNeXtLib.cli.commands.{name}:add_to")(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
