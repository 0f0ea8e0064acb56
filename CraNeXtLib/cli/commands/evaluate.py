"""``cranext evaluate``: measure one implant, or a cohort of them, against references."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.core.errors import InputError


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("evaluate", help="measure an implant against a reference, or a cohort of implants")
    parser.add_argument("--implant", metavar="P", help="implant to measure")
    parser.add_argument("--reference", metavar="G", help="true implant")
    parser.add_argument("--skull", metavar="D", help="defective skull")
    parser.add_argument("--cohort", metavar="PATH", help="manifest or folder of cases, instead of the three files")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--json", action="store_true", help="print every number as JSON")
    parser.add_argument("--out", metavar="DIR", help="folder for metrics, checklist, distance maps and pictures")
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="of the checklist in --out, such as gap_mm=3",
    )
    parser.add_argument(
        "--rating", action="append", default=[], metavar="NAME=yes|no", help="a reader's answer, such as complete=no"
    )
    parser.add_argument(
        "--cause",
        action="append",
        default=[],
        metavar="NAME",
        help="cause of error that a reader sees: defect_edge ...",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes for a cohort; default 1")
    parser.add_argument("--no-resume", action="store_true", help="measure the cohort's finished cases again")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: Any) -> None:
    files = (options.implant, options.reference, options.skull)
    if options.cohort and not any(files) and options.out:
        _cohort(options, progress)
    elif all(files) and not options.cohort:
        _case(options, progress)
    else:
        raise InputError("Give --implant, --reference and --skull; or --cohort and --out.")


def _case(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.anatomy.head.skull_mask import skull_mask
    from CraNeXtLib.cases.evaluation_case import metrics_description, write_evaluation
    from CraNeXtLib.evaluation.evaluation import evaluate
    from CraNeXtLib.geometry.volume_files import read_volume

    judgement = {
        "thresholds": _thresholds(options.threshold),
        "ratings": {name: _is_yes(answer) for name, answer in _pairs(options.rating)},
        "causes": tuple(options.cause),
    }
    progress("Reading", 0.0)
    implant, reference, skull = (
        read_volume(path, orientation=options.orientation)
        for path in (options.implant, options.reference, options.skull)
    )
    progress("Measuring", 0.2)
    evaluation = evaluate(implant, reference, skull_mask(skull))
    files = []
    if options.out:
        progress("Drawing maps", 0.4)
        files = write_evaluation(evaluation, options.out, implant, reference, skull, **judgement)
    progress.end()
    if options.json:
        print(json.dumps(metrics_description(evaluation), indent=2))
    else:
        for name, value in evaluation.main_metrics().items():
            print(f"{name:8} {'infinite' if value is None else f'{value:.4f}'}")
        for flag in evaluation.flags:
            print(f"Warning: {flag.replace('_', ' ')}")
        print(RESEARCH_USE_NOTICE)
        for name in files:
            print(Path(options.out) / name)


def _thresholds(settings: list[str]) -> Any:
    from dataclasses import fields

    from CraNeXtLib.evaluation.checklist import Thresholds

    names = [field.name for field in fields(Thresholds)]
    values = {}
    for name, text in _pairs(settings):
        if name not in names:
            raise InputError(f"There is no threshold '{name}'; choose among {', '.join(names)}.")
        try:
            values[name] = float(text)
        except ValueError as error:
            raise InputError(f"The threshold {name} must be a number, not '{text}'.") from error
    return Thresholds(**values)


def _is_yes(answer: str) -> bool:
    if answer not in ("yes", "no"):
        raise InputError(f"A rating is yes or no, not '{answer}'.")
    return answer == "yes"


def _pairs(settings: list[str]) -> list[tuple[str, str]]:
    for setting in settings:
        if "=" not in setting:
            raise InputError(f"Write '{setting}' as NAME=VALUE.")
    return [tuple(setting.split("=", 1)) for setting in settings]


def _cohort(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.cases.cohort_evaluation import evaluate_cohort

    rows = evaluate_cohort(
        options.cohort, options.out, workers=options.workers, resume=not options.no_resume, progress=progress
    )
    progress.end()
    failed = [row for row in rows if row["error"]]
    for row in failed:
        print(f"Left out: {row['case']}: {row['error']}")
    print(f"Measured {len(rows) - len(failed)} of {len(rows)} cases.")
    for name in ("cases.csv", "cohort.json"):
        print(Path(options.out) / name)
