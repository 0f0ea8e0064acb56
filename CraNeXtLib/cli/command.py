"""The ``cranext`` command: its sub-commands, its exit status, and how it reports errors."""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from pkgutil import resolve_name

from CraNeXtLib.cli.command_parser import CommandParser
from CraNeXtLib.cli.progress_printer import ProgressPrinter
from CraNeXtLib.core.errors import CancelledError, CraNeXtError, InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE, __version__
from CraNeXtLib.core.runtime.memory import memory_advice
from CraNeXtLib.core.runtime.requirements import package_advice
from CraNeXtLib.core.runtime.signals import exit_status, interrupting_signals
from CraNeXtLib.core.runtime.threads import set_threads

COMMANDS = {
    "reconstruct": "CraNeXtLib.cli.commands.reconstruct:add_to",
    "batch": "CraNeXtLib.cli.commands.batch:add_to",
    "finish": "CraNeXtLib.cli.commands.finish:add_to",
    "sheet": "CraNeXtLib.cli.commands.sheet:add_to",
    "release": "CraNeXtLib.cli.commands.release:add_to",
    "mold": "CraNeXtLib.cli.commands.mold:add_to",
    "export": "CraNeXtLib.cli.commands.export:add_to",
    "categorize": "CraNeXtLib.cli.commands.categorize:add_to",
    "evaluate": "CraNeXtLib.cli.commands.evaluate:add_to",
    "defects": "CraNeXtLib.cli.commands.defects:add_to",
    "dataset": "CraNeXtLib.cli.commands.dataset:add_to",
    "train": "CraNeXtLib.cli.commands.train:add_to",
    "experiment": "CraNeXtLib.cli.commands.experiment:add_to",
    "models": "CraNeXtLib.cli.commands.models:add_to",
    "template": "CraNeXtLib.cli.commands.template:add_to",
    "app": "CraNeXtLib.cli.commands.app:add_to",
    "demo": "CraNeXtLib.cli.commands.demo:add_to",
    "doctor": "CraNeXtLib.cli.commands.doctor:add_to",
}
"""Functions that declare the sub-commands, in the order of the help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    It is 0 if all is done, 1 if memory was not enough, 2 for bad input or usage, 3 if there is no implant, 4 if a
    released folder has changed, and after an interruption 130, or 128 and the number of the signal that it came from.
    """
    os.environ.pop("ITK_AUTOLOAD_PATH", None)  # Slicer sets this variable, which makes the ITK of antspyx crash
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    progress = ProgressPrinter()
    with interrupting_signals() as signals:
        try:
            options = _parser().parse_args(arguments)
            set_threads(getattr(options, "threads", None))
            return options.run(options, progress) or 0
        except BrokenPipeError:  # a reader such as head closed the pipe early
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except (CancelledError, KeyboardInterrupt) as error:
            progress.end()
            print(f"cranext: {f'error: {error}' if str(error) else 'cancelled'}", file=sys.stderr)
            return exit_status(signals)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            progress.end()
            return _report(InputError(f"No file can have the name {str(error.filename)[:60]!r}…; give a shorter one."))
        except (CraNeXtError, MemoryError, ModuleNotFoundError, RuntimeError) as error:
            progress.end()
            return _report(error)


def _report(error: Exception) -> int:
    """Print an error with the warnings that led to it, and return the exit status; raise it again if it is a bug."""
    if package_advice(error):
        error = InputError(package_advice(error))
    if not isinstance(error, CraNeXtError):
        advice = memory_advice(error)
        if not advice:
            raise error
        print(f"cranext: error: {advice}", file=sys.stderr)
        return CraNeXtError.exit_status
    for warning in getattr(error, "warnings", ()):
        print(f"Warning: {warning}", file=sys.stderr)
    print(f"cranext: error: {error}", file=sys.stderr)
    return error.exit_status


def _parser() -> argparse.ArgumentParser:
    description = f"Design cranial implants: reconstruct, finish, check and measure. {RESEARCH_USE_NOTICE}"
    parser = CommandParser(prog="cranext", description=description)
    parser.add_argument("--version", action="version", version=f"cranext {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add_to in COMMANDS.values():
        resolve_name(add_to)(commands)
    return parser
