"""``cranext batch``: make implants for a folder or a table of skulls."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_command, add_output_folder
from CraNeXtLib.cli.commands.reconstruct import add_settings, settings_of
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    parser = add_command(commands, "batch", "make implants for a folder or a table of skulls")
    parser.add_argument("cases", metavar="CASES", help="folder of files, or CSV table with the columns case and skull")
    add_output_folder(parser, "folder for the cases and summary.csv")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="cases to reconstruct in parallel; default: %(default)s"
    )
    parser.add_argument("--no-resume", action="store_true", help="reconstruct finished cases again")
    add_settings(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> int:
    from CraNeXtLib.cases.batch.listing import find_batch_cases
    from CraNeXtLib.cases.batch.predict import is_distributed, predict_batch
    from CraNeXtLib.cases.batch.record import DONE, FAILED, NO_IMPLANT
    from CraNeXtLib.cases.batch.run import run_batch

    settings, resume = settings_of(options), not options.no_resume
    cases = find_batch_cases(options.cases, ct=settings.ct)
    if is_distributed():
        rows = predict_batch(cases, options.out, settings, resume=resume, progress=progress)
    else:
        rows = run_batch(cases, options.out, settings, workers=options.workers, resume=resume, progress=progress)
    progress.end()
    if not rows:
        return 0
    for row in rows:
        if row["status"] != DONE:
            print(f"{row['case']}: {row['status']}. {row['message']}")
        else:
            print(f"{row['case']}: {row['verdict'].replace('not', 'NOT')}")
        if row.get("warnings"):
            print(f"{row['case']}: Warning: {row['warnings']}")
    counts = [(sum(row["status"] == status for row in rows), status) for status in (DONE, NO_IMPLANT, FAILED)]
    print(f"{len(rows)} cases: {', '.join(f'{count} {status}' for count, status in counts if count)}")
    verdicts = Counter(row["verdict"] for row in rows if row["status"] == DONE)
    if verdicts:
        print(f"Parts: {', '.join(f'{verdicts[answer]} {answer}' for answer in sorted(verdicts))}")
    print(Path(options.out) / "summary.csv")
    print(RESEARCH_USE_NOTICE)
    return 2 if any(row["status"] not in (DONE, NO_IMPLANT) for row in rows) else 0
