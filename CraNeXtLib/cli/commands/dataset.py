"""``cranext dataset``: list the cases of a data set, check and measure them, and bend skulls into new ones."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import (
    add_actions,
    add_command,
    add_count,
    add_orientation,
    add_output_folder,
    add_seed,
    path_to_write,
)
from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter
    from CraNeXtLib.datasets.check import CheckReport
    from CraNeXtLib.datasets.manifest import DatasetCase


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    actions = add_actions(add_command(commands, "dataset", "list, check, measure and extend a data set"))
    _add_make(actions)

    check = add_command(actions, "check", "find what would break training; the exit status is 2 if there are errors")
    check.add_argument("manifest", metavar="MANIFEST")
    check.set_defaults(run=_check)

    stats = add_command(actions, "stats", "print sizes, spacings, voxel occupancy and kinds (the paper's Table 1)")
    stats.add_argument("manifest", metavar="MANIFEST")
    stats.add_argument(
        "--no-regions", action="store_true", help="do not find the regions of the defects, which takes seconds per case"
    )
    stats.set_defaults(run=_stats)

    bend = add_command(actions, "bend", "make new skulls by bending training skulls toward each other's shape")
    bend.add_argument("manifest", metavar="MANIFEST")
    add_output_folder(bend, "new folder for the skulls and their manifest.csv")
    add_count(bend, "skulls", default=10)
    add_seed(bend, "pairs and amounts")
    bend.set_defaults(run=_bend)

    regions = add_command(actions, "regions", "divide every skull into regions, and show where the defects lie")
    regions.add_argument("manifest", metavar="MANIFEST")
    add_output_folder(regions, "folder for the cases, tables, chart and heat map")
    regions.set_defaults(run=_regions)


def _add_make(actions: SubParsers) -> None:
    from CraNeXtLib.datasets.layouts import LAYOUTS

    make = add_command(actions, "make", "list the cases in a folder and split them by skull")
    make.add_argument(
        "folder",
        metavar="FOLDER",
        help="SkullBreak, SkullFix, or a folder of files named NAME_defective, NAME_complete and NAME_implant",
    )
    make.add_argument("--out", required=True, type=path_to_write, metavar="MANIFEST", help="CSV or JSON file to write")
    make.add_argument(
        "--layout", default="auto", choices=LAYOUTS, help="how the folder is organized; default: %(default)s"
    )
    make.add_argument("--source", metavar="NAME", help="name of the data set in the manifest")
    add_orientation(make, default="")
    for name, default in (("--validation", 0.1), ("--test", 0.1)):
        make.add_argument(
            name, type=float, default=default, metavar="FRACTION", help="fraction of the skulls; default: %(default)s"
        )
    add_seed(make, "the split")
    make.add_argument("--split-of", metavar="MODEL", help="instead, split as the description of a model lists it")
    make.add_argument("--no-check", action="store_true", help="do not read the files to find duplicate skulls")
    make.set_defaults(run=_make)


def _make(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.datasets.layouts import find_cases
    from CraNeXtLib.datasets.manifest import SPLITS, write_manifest
    from CraNeXtLib.datasets.splits import split_as, split_by_skull

    cases = find_cases(options.folder, layout=options.layout, source=options.source, orientation=options.orientation)
    same_skull = [] if options.no_check else _checked(cases, progress).same_skull
    if options.split_of:
        cases = split_as(cases, _split_of(options.split_of))
    else:
        cases = split_by_skull(
            cases, validation=options.validation, test=options.test, seed=options.seed, same_skull=same_skull
        )
    write_manifest(cases, options.out)
    counts = ", ".join(f"{sum(case.split == split for case in cases)} {split}" for split in SPLITS)
    print(f"{len(cases)} cases of {len({case.skull for case in cases})} skulls: {counts}")
    print(Path(options.out))


def _split_of(model: str) -> Mapping[str, Sequence[str]]:
    from CraNeXtLib.completion import model_library

    split = model_library.find(model).description.get("split")
    if not split:
        raise InputError(f"The description of model '{model}' lists no split; use --validation and --test instead.")
    return split


def _check(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.datasets.manifest import read_manifest

    cases = read_manifest(options.manifest)
    report = _checked(cases, progress)
    print(f"{len(cases)} cases, {len(report.problems)} problems, {len(report.errors)} of them errors")
    if report.errors:
        raise InputError("The data set has errors; fix or remove the cases named above.")


def _checked(cases: Sequence[DatasetCase], progress: ProgressPrinter) -> CheckReport:
    """Check the cases and print their problems."""
    from CraNeXtLib.datasets.check import check_dataset

    report = check_dataset(cases, progress=_reading(progress, len(cases)))
    progress.end()
    for problem in report.problems:
        print(problem)
    return report


def _stats(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.datasets.manifest import read_manifest
    from CraNeXtLib.datasets.summary import dataset_statistics

    cases = read_manifest(options.manifest)
    statistics = dataset_statistics(cases, regions=not options.no_regions, progress=_reading(progress, len(cases)))
    progress.end()
    print(statistics.table())


def _bend(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.datasets.bending import bend_dataset
    from CraNeXtLib.datasets.manifest import read_manifest

    made = bend_dataset(
        read_manifest(options.manifest),
        options.out,
        count=options.count,
        seed=options.seed,
        progress=lambda number, case: progress(f"Bending {case.name}", number / options.count),
    )
    progress.end()
    manifest = Path(options.out) / "manifest.csv"
    print(f"{len(made)} skulls in {manifest}; add it to data.more_manifests to train on them")


def _regions(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.cases.categorization_case import categorize_cohort
    from CraNeXtLib.datasets.manifest import read_manifest

    cases = read_manifest(options.manifest)
    errors = categorize_cohort(cases, options.out, progress=progress)
    progress.end()
    for name, reason in errors.items():
        print(f"Left out: {name}: {reason}")
    print((Path(options.out) / "distribution.csv").read_text(encoding="utf-8"), end="")
    print(f"{len(cases) - len(errors)} of {len(cases)} cases in {Path(options.out)}")


def _reading(progress: ProgressPrinter, total: int) -> Callable[[int, DatasetCase], None]:
    """Return a callback for the number of the cases read so far and the next case."""
    return lambda number, case: progress(f"Reading {case.name}", number / total)
