"""``cranext batch``: make implants for a folder or a table of skulls."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.cli.commands.reconstruct import add_settings, settings_of


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("batch", help="make implants for a folder or a table of skulls")
    parser.add_argument("cases", metavar="CASES", help="folder of files, or CSV table with the columns case and skull")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the cases and summary.csv")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="cases at a time; default: %(default)s")
    parser.add_argument("--no-resume", action="store_true", help="reconstruct finished cases again")
    add_settings(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: Any) -> int:
    from CraNeXtLib.cases.batch.listing import find_batch_cases
    from CraNeXtLib.cases.batch.predict import is_distributed, predict_batch
    from CraNeXtLib.cases.batch.record import DONE, FAILED, NO_IMPLANT
    from CraNeXtLib.cases.batch.run import run_batch

    settings = settings_of(options)
    cases = find_batch_cases(options.cases, ct=settings.ct)
    common = {"resume": not options.no_resume, "progress": progress}
    if is_distributed():
        rows = predict_batch(cases, options.out, settings, **common)
    else:
        rows = run_batch(cases, options.out, settings, workers=options.workers, **common)
    progress.end()
    if not rows:
        return 0
    for row in rows:
        if row["status"] != DONE:
            print(f"{row['case']}: {row['status']}. {row['message']}")
    counts = [(sum(row["status"] == status for row in rows), status) for status in (DONE, NO_IMPLANT, FAILED)]
    print(f"{len(rows)} cases: {', '.join(f'{count} {status}' for count, status in counts if count)}")
    print(Path(options.out) / "summary.csv")
    print(RESEARCH_USE_NOTICE)
    return 2 if any(row["status"] not in (DONE, NO_IMPLANT) for row in rows) else 0
