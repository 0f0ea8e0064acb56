"""``cranext evaluate``: measure one implant, or a cohort of them, against references."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import (
    add_command,
    add_mesh_frame,
    add_numbers,
    add_orientation,
    add_segments,
    path_to_write,
)
from CraNeXtLib.cli.printing import print_criteria, print_files, print_warnings
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter
    from CraNeXtLib.evaluation.checklist import Checklist
    from CraNeXtLib.evaluation.evaluation import Evaluation


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    from CraNeXtLib.evaluation.thresholds import Thresholds

    parser = add_command(commands, "evaluate", "measure an implant, or a cohort of implants, against references")
    parser.add_argument("--implant", metavar="P", help="implant to measure")
    parser.add_argument("--reference", metavar="G", help="true implant")
    parser.add_argument("--skull", metavar="D", help="defective skull")
    parser.add_argument("--cohort", metavar="PATH", help="manifest or folder of cases, instead of the three files")
    add_orientation(parser)
    add_mesh_frame(parser)
    add_segments(parser, "skull", "implant", "reference")
    parser.add_argument("--json", action="store_true", help="print all metrics as JSON")
    parser.add_argument(
        "--out", type=path_to_write, metavar="DIR", help="folder for metrics, checklist, distance maps and pictures"
    )
    names = [field.name for field in fields(Thresholds)]
    add_numbers(parser, "--threshold", names, "threshold of the checklist, such as gap_mm=3")
    parser.add_argument(
        "--rating",
        action="append",
        default=[],
        metavar="NAME=yes|no",
        help="a reader's own answer to the checklist, such as complete=no; may be repeated",
    )
    parser.add_argument(
        "--cause",
        action="append",
        default=[],
        metavar="NAME",
        help="cause of error that a reader identified, such as defect_edge; may be repeated",
    )
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes for a cohort; default: %(default)s"
    )
    parser.add_argument("--no-resume", action="store_true", help="measure the finished cases of a cohort again")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    files = (options.implant, options.reference, options.skull)
    if options.cohort and not any(files) and options.out:
        _evaluate_cohort(options, progress)
    elif all(files) and not options.cohort:
        _evaluate_case(options, progress)
    else:
        raise InputError("Give either --implant, --reference and --skull, or --cohort and --out.")


def _evaluate_case(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.evaluation_case import judge, read_evaluation, write_evaluation
    from CraNeXtLib.evaluation.evaluation import evaluate
    from CraNeXtLib.evaluation.thresholds import Thresholds
    from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame

    ratings = {name: _is_yes(answer) for name, answer in _pairs(options.rating)}
    progress("Reading", 0.0)
    (implant, reference, skull), warnings = read_evaluation(
        options.implant,
        options.reference,
        options.skull,
        orientation=options.orientation,
        segment=options.segment,
        implant_segment=options.implant_segment,
        reference_segment=options.reference_segment,
        frame=MeshFrame.given(options.mesh_unit, options.mesh_space),
    )
    progress("Measuring", 0.2)
    evaluation = evaluate(implant, reference, skull)
    checklist = judge(
        evaluation,
        implant,
        reference,
        skull,
        thresholds=Thresholds(**options.threshold),
        ratings=ratings,
        causes=tuple(options.cause),
    )
    files: list[str] = []
    if options.out:
        progress("Drawing maps", 0.4)
        files = write_evaluation(
            evaluation,
            options.out,
            implant,
            reference,
            skull,
            checklist=checklist,
            warnings=warnings,
            inputs=(options.implant, options.reference, options.skull),
        )
    progress.end()
    _print_evaluation(evaluation, checklist, warnings, as_json=options.json)
    if not options.json:
        print_files(options.out, files)


def _print_evaluation(
    evaluation: Evaluation, checklist: Checklist | None, warnings: Sequence[str], *, as_json: bool
) -> None:
    from CraNeXtLib.cases.evaluation_case import metrics_description

    description = metrics_description(evaluation, checklist, warnings)
    if as_json:
        print(json.dumps(description, indent=2))
        return
    for name, value in evaluation.main_metrics().items():
        print(f"{name:8} {'infinite' if value is None else f'{value:.4f}'}")
    print_criteria([criterion.as_dict() for criterion in checklist.criteria] if checklist else ())
    print_warnings(description)
    print(RESEARCH_USE_NOTICE)


def _is_yes(answer: str) -> bool:
    if answer not in ("yes", "no"):
        raise InputError(f"A --rating must be yes or no, not '{answer}'.")
    return answer == "yes"


def _pairs(settings: Sequence[str]) -> list[tuple[str, str]]:
    """Split ``NAME=VALUE`` settings into names and values."""
    pairs = []
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign:
            raise InputError(f"Write '{setting}' as NAME=VALUE.")
        pairs.append((name, value))
    return pairs


def _evaluate_cohort(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.cohort_evaluation import evaluate_cohort

    for name in ("orientation", "segment", "implant_segment", "reference_segment", "mesh_unit", "mesh_space"):
        if getattr(options, name) is not None:
            option, column = f"--{name.replace('_', '-')}", name.replace("mesh_space", "orientation")
            advice = "save meshes in mm" if name == "mesh_unit" else f"give it for each case, in the column {column}"
            raise InputError(f"With --cohort, leave out {option}; {advice}.")
    rows = evaluate_cohort(
        options.cohort, options.out, workers=options.workers, resume=not options.no_resume, progress=progress
    )
    progress.end()
    failed = [row for row in rows if row["error"]]
    for row in failed:
        print(f"Left out: {row['case']}: {row['error']}")
    print(f"Measured {len(rows) - len(failed)} of {len(rows)} cases.")
    print_files(options.out, ("cases.csv", "cohort.json"))
