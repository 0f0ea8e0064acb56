"""``cranext dataset``: list the cases of a data set, check them, measure them, and bend skulls into new ones."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    from CraNeXtLib.datasets.layouts import LAYOUTS

    parser = commands.add_parser("dataset", help="make, check and measure a data set's manifest")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")

    make = actions.add_parser("make", help="list the cases in a folder and split them by skull")
    make.add_argument("folder", help="SkullBreak, SkullFix, or a folder of NAME_defective, _complete, _implant files")
    make.add_argument("--out", required=True, metavar="MANIFEST", help="the .csv or .json file to write")
    make.add_argument("--layout", default="auto", choices=LAYOUTS, help="default: %(default)s")
    make.add_argument("--source", help="name of the data set in the manifest")
    make.add_argument("--orientation", default="", metavar="XYZ", help="directions of the array axes, such as LPS")
    make.add_argument("--validation", type=float, default=0.1, metavar="SHARE", help="of the skulls; default 0.1")
    make.add_argument("--test", type=float, default=0.1, metavar="SHARE", help="of the skulls; default 0.1")
    make.add_argument("--seed", type=int, default=0, help="of the split; default: %(default)s")
    make.add_argument("--split-of", metavar="MODEL", help="split as a bundled model's description lists it instead")
    make.add_argument("--no-check", action="store_true", help="do not read the files to find duplicated skulls")
    make.set_defaults(run=_make)

    for name, run, text in (
        ("check", _check, "find what would break training; exit status 2 if there is an error"),
        ("stats", _stats, "print sizes, spacings, voxel occupancy and kinds (the paper's Table 1)"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("manifest")
        action.set_defaults(run=run)
    action.add_argument("--no-regions", action="store_true", help="do not find the defects' regions (seconds a case)")

    bend = actions.add_parser("bend", help="make new skulls, by bending training skulls towards each other's shape")
    bend.add_argument("manifest")
    bend.add_argument("--out", required=True, metavar="DIR", help="new folder for the skulls and their manifest.csv")
    bend.add_argument("--count", type=int, default=10, metavar="N", help="how many; default: %(default)s")
    bend.add_argument("--seed", type=int, default=0, metavar="S", help="decides the pairs; default: %(default)s")
    bend.set_defaults(run=_bend)

    regions = actions.add_parser("regions", help="divide every skull into regions; where do the defects lie?")
    regions.add_argument("manifest")
    regions.add_argument("--out", required=True, metavar="DIR", help="folder for the cases, tables, chart and heat map")
    regions.set_defaults(run=_regions)


def _make(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.datasets.check import check_dataset
    from CraNeXtLib.datasets.layouts import find_cases
    from CraNeXtLib.datasets.manifest import SPLITS, split_as, split_by_skull, write_manifest

    cases = find_cases(options.folder, layout=options.layout, source=options.source, orientation=options.orientation)
    same = []
    if not options.no_check:
        report = check_dataset(cases, progress=_counting(progress, len(cases)))
        progress.end()
        same = report.same_skull
        for problem in report.problems:
            print(problem)
    if options.split_of:
        cases = split_as(cases, _split_of(options.split_of))
    else:
        shares = {"validation": options.validation, "test": options.test}
        cases = split_by_skull(cases, **shares, seed=options.seed, same_skull=same)
    write_manifest(cases, options.out)
    counts = ", ".join(f"{sum(case.split == split for case in cases)} {split}" for split in SPLITS)
    print(f"{len(cases)} cases of {len({case.skull for case in cases})} skulls: {counts}")
    print(Path(options.out))


def _split_of(model: str) -> Any:
    from CraNeXtLib.completion import model_library
    from CraNeXtLib.core.errors import InputError

    split = model_library.find(model).description.get("split")
    if not split:
        raise InputError(f"The description of model '{model}' lists no split; give the shares of a new one.")
    return split


def _check(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.datasets.check import check_dataset
    from CraNeXtLib.datasets.manifest import read_manifest

    cases = read_manifest(options.manifest)
    report = check_dataset(cases, progress=_counting(progress, len(cases)))
    progress.end()
    for problem in report.problems:
        print(problem)
    print(f"{len(cases)} cases, {len(report.problems)} problems, {len(report.errors)} of them errors")
    if report.errors:
        raise InputError("The data set has errors; mend or remove the cases named above.")


def _stats(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.datasets.manifest import read_manifest
    from CraNeXtLib.datasets.summary import dataset_statistics

    cases = read_manifest(options.manifest)
    statistics = dataset_statistics(cases, regions=not options.no_regions, progress=_counting(progress, len(cases)))
    progress.end()
    print(statistics.table())


def _bend(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.datasets.bending import bend_dataset
    from CraNeXtLib.datasets.manifest import read_manifest

    if options.count < 1:
        raise InputError("--count must be 1 or more.")
    made = bend_dataset(
        read_manifest(options.manifest),
        options.out,
        count=options.count,
        seed=options.seed,
        progress=lambda number, case: progress(f"Bending {case.name}", number / options.count),
    )
    progress.end()
    print(
        f"{len(made)} skulls in {Path(options.out) / 'manifest.csv'}; name it in data.more_manifests to train on them"
    )


def _regions(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.cases.categorization_case import categorize_cohort
    from CraNeXtLib.datasets.manifest import read_manifest

    cases = read_manifest(options.manifest)
    errors = categorize_cohort(cases, options.out, progress=progress)
    progress.end()
    for name, reason in errors.items():
        print(f"Left out: {name}: {reason}")
    print((Path(options.out) / "distribution.csv").read_text(encoding="utf-8"), end="")
    print(f"{len(cases) - len(errors)} of {len(cases)} cases in {Path(options.out)}")


def _counting(progress: Any, total: int) -> Any:
    return lambda number, case: progress(f"Reading {case.name}", number / total)
