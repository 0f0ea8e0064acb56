"""``cranext sheet``: write the approval sheet of a part again, with its mold."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command
from CraNeXtLib.cli.printing import print_files, print_verdict
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "sheet", "write the approval sheet of a part again, with its mold")
    parser.add_argument("folder", metavar="FOLDER", help="folder of the finished part and its approval sheet")
    parser.add_argument("--mold", required=True, metavar="DIR", help="folder that cranext mold wrote for this part")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.approval.sheet_with_mold import sheet_with_mold

    progress.end()
    print_verdict(sheet_with_mold(options.folder, options.mold))
    print_files(options.folder, ("approval.html", "approval.pdf"))
    print(RESEARCH_USE_NOTICE)
