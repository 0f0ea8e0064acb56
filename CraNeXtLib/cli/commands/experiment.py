"""``cranext experiment``: run the paper's experiments, one cell per job, and write their tables and figures."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from CraNeXtLib.cli.command_parser import add_actions, add_command, add_output_folder, path_to_write
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.requirements import package_advice

if TYPE_CHECKING:
    from CraNeXtLib.cli.command_parser import SubParsers
    from CraNeXtLib.cli.progress_printer import ProgressPrinter
    from CraNeXtLib.training.experiments.config import ExperimentConfig
    from CraNeXtLib.training.experiments.design import Cell


def add_to(commands: SubParsers) -> None:
    """Declare the command."""
    actions = add_actions(add_command(commands, "experiment", "run the paper's experiments and write their tables"))
    run = add_command(actions, "run", "train and test the unfinished cells, all in turn or a single one")
    run.add_argument("config", metavar="CONFIG", help="preset (default, paper or cpu) or YAML file")
    run.add_argument("--a", default="", metavar="MANIFEST", help="data set A, with its splits")
    run.add_argument("--b", default="", metavar="MANIFEST", help="data set B; without it, only Experiment 1 runs")
    add_output_folder(run, "folder of the experiments")
    run.add_argument("--cell", metavar="N", help="number or name of a single cell to run, for a batch scheduler")
    run.add_argument("--experiment", type=int, choices=(1, 2, 3), help="run only the cells of one experiment")
    run.add_argument("--list", action="store_true", help="list the cells and whether they are finished")
    run.set_defaults(run=_run)
    tables = add_command(actions, "tables", "write tables and figures of the finished cells")
    tables.add_argument("folder", metavar="DIR", help="folder of the experiments")
    tables.add_argument(
        "--out",
        type=path_to_write,
        metavar="DIR",
        help="folder for the files; default: tables in the experiments' folder",
    )
    tables.add_argument("--no-figures", action="store_true", help="write only the tables")
    tables.set_defaults(run=_tables)


def _run(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.training.experiments.config import read_experiments

    config, out = read_experiments(options.config, a=options.a, b=options.b), Path(options.out)
    if options.list:
        _list(config.cells(), out)
        return
    chosen = _chosen(config, options)
    if len(chosen) > 1 and int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise InputError("Under torchrun, run a single cell per job; choose it with --cell.")
    from CraNeXtLib.training.experiments.cells import Experiments
    from CraNeXtLib.training.runs.run_folder import is_first_process

    experiments = Experiments.start(config, out)
    for cell in chosen:
        try:
            ran = experiments.run(cell, progress)
        except ModuleNotFoundError as error:
            if not package_advice(error, ("train", "ants")):
                raise
            raise InputError(package_advice(error, ("train", "ants"))) from error
        progress.end()
        if is_first_process():
            print(f"{cell.name}: {'done' if ran else 'was done already'}", flush=True)
    if is_first_process():
        print(f"Tables: cranext experiment tables {out}")


def _list(cells: Sequence[Cell], out: Path) -> None:
    for number, cell in enumerate(cells):
        done = (out / "cells" / cell.name / "cell.json").is_file()
        print(f"{number:2}  {cell.name:26} {'done' if done else 'to do'}")


def _chosen(config: ExperimentConfig, options: argparse.Namespace) -> list[Cell]:
    cells = config.cells()
    if options.cell is None:
        names = {name for e in config.experiments() if options.experiment in (None, e.number) for name in e.cells}
        return [cell for cell in cells if cell.name in names]
    by_key = {key: cell for number, cell in enumerate(cells) for key in (str(number), cell.name)}
    if options.cell not in by_key:
        raise InputError(f"There is no --cell '{options.cell}'; choose one of 0 to {len(cells) - 1}, see --list.")
    return [by_key[options.cell]]


def _tables(options: argparse.Namespace, progress: ProgressPrinter) -> None:
    from CraNeXtLib.core.files.text import write_text
    from CraNeXtLib.training.experiments.figures import all_figures
    from CraNeXtLib.training.experiments.results import Results
    from CraNeXtLib.training.experiments.tables import all_tables, document

    results = Results.read(options.folder)
    out = Path(options.out or results.folder / "tables")
    tables = all_tables(results, progress)
    written = [path for table in tables for path in table.write(out)]
    write_text(out / "tables.md", document(results, tables))
    if not options.no_figures:
        written += all_figures(results, out, progress)
    progress.end()
    print((out / "tables.md").read_text(encoding="utf-8"), end="")
    for path in [out / "tables.md", *written]:
        print(path)
