"""``cranext experiment``: run the paper's experiments, a job a cell, and write their tables and figures."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("experiment", help="run the paper's experiments and write their tables")
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    run = actions.add_parser("run", help="train and test what isn't done yet: all cells, one after the other, or one")
    run.add_argument("config", metavar="CONFIG", help="a preset (default, paper, cpu) or a YAML file")
    run.add_argument("--a", default="", metavar="MANIFEST", help="data set A, with its splits")
    run.add_argument("--b", default="", metavar="MANIFEST", help="data set B; without it, Experiment 1 alone")
    run.add_argument("--out", required=True, metavar="DIR", help="folder of the experiments")
    run.add_argument("--cell", metavar="N", help="number or name of the only cell to run, for a batch scheduler")
    run.add_argument("--experiment", type=int, choices=(1, 2, 3), help="run the cells of one experiment alone")
    run.add_argument("--list", action="store_true", help="print the cells, and which are done")
    run.set_defaults(run=_run)
    tables = actions.add_parser("tables", help="write tables and figures of what is done")
    tables.add_argument("folder", metavar="DIR", help="folder of the experiments")
    tables.add_argument("--out", metavar="DIR", help="folder for the files; default: tables in the experiments' folder")
    tables.add_argument("--no-figures", action="store_true", help="write the tables alone")
    tables.set_defaults(run=_tables)


def _run(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.training.experiments.config import read_experiments

    config, out = read_experiments(options.config, a=options.a, b=options.b), Path(options.out)
    cells = config.cells()
    if options.list:
        for number, cell in enumerate(cells):
            done = (out / "cells" / cell.name / "cell.json").is_file()
            print(f"{number:2}  {cell.name:26} {'done' if done else 'to do'}")
        return
    chosen = _chosen(cells, config, options)
    if len(chosen) > 1 and int(os.environ.get("WORLD_SIZE", 1)) > 1:
        raise InputError("Under torchrun, run one cell a job: give --cell.")
    from CraNeXtLib.training.experiments.cells import Experiments
    from CraNeXtLib.training.runs.run_folder import is_first_process

    experiments = Experiments.start(config, out)
    for cell in chosen:
        try:
            ran = experiments.run(cell, progress)
        except ImportError as error:
            raise InputError(f"Experiments need {error.name}; run: pip install 'cranext[train]'") from error
        progress.end()
        if is_first_process():
            print(f"{cell.name}: {'done' if ran else 'was done already'}", flush=True)
    if is_first_process():
        print(f"Tables: cranext experiment tables {out}")


def _chosen(cells: Any, config: Any, options: argparse.Namespace) -> list[Any]:
    from CraNeXtLib.core.errors import InputError

    if options.cell is None:
        names = {name for e in config.experiments() if options.experiment in (None, e.number) for name in e.cells}
        return [cell for cell in cells if cell.name in names]
    by_key = {key: cell for number, cell in enumerate(cells) for key in (str(number), cell.name)}
    if options.cell not in by_key:
        raise InputError(f"There is no cell '{options.cell}'; choose 0 to {len(cells) - 1}, see --list.")
    return [by_key[options.cell]]


def _tables(options: argparse.Namespace, progress: Any) -> None:
    from CraNeXtLib.core.files.atomic import replacing
    from CraNeXtLib.training.experiments.figures import all_figures
    from CraNeXtLib.training.experiments.results import Results
    from CraNeXtLib.training.experiments.tables import all_tables, document

    results = Results.read(options.folder)
    out = Path(options.out or results.folder / "tables")
    tables = all_tables(results, progress)
    written = [path for table in tables for path in table.write(out)]
    with replacing(out / "tables.md") as temporary:
        temporary.write_text(document(results, tables), encoding="utf-8")
    if not options.no_figures:
        written += all_figures(results, out, progress)
    progress.end()
    print((out / "tables.md").read_text(encoding="utf-8"), end="")
    for path in [out / "tables.md", *written]:
        print(path)
