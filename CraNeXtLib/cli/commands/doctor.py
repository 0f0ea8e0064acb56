"""``cranext doctor``: show versions, devices and models, for a bug report."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "doctor", "show versions, devices and models, for a bug report")
    parser.set_defaults(run=_run)


def _run(_options: argparse.Namespace, _progress: ProgressPrinter) -> None:
    from CraNeXtLib.completion.model_library import available_and_broken
    from CraNeXtLib.core.runtime.environment import describe, examine

    print(describe(examine([model.label for model in available_and_broken()])))
