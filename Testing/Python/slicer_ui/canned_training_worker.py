"""A worker with canned answers to what the training panel asks for, so that a test need not wait.

It replaces ``CraNeXtLib/cli/worker.py`` and obeys two environment variables: ``CANNED_PROBLEMS`` is what the data set
check finds, as JSON; ``SIMULATED_FAILURE`` is ``bad input``, ``crash``, ``full disk``, ``memory`` or ``gpu memory``
(not enough of it), ``package`` (missing), or ``hang`` (until cancelled).
"""

import csv
import json
import os
import shutil
import sys
import time
from pathlib import Path

from simulated_failures import fail_with

sys.path[0] = str(Path(__file__).resolve().parents[3])

from CraNeXtLib.cli import worker  # noqa: E402
from CraNeXtLib.completion import model_library  # noqa: E402
from CraNeXtLib.core import resources  # noqa: E402
from CraNeXtLib.core.errors import InputError  # noqa: E402
from CraNeXtLib.evaluation.cohort_statistics import HIGHER_IS_BETTER  # noqa: E402
from CraNeXtLib.evaluation.cohort_tables import cohort_description  # noqa: E402


def run(task, arguments, progress):
    """Return the answer, or fail."""
    failure = os.environ.get("SIMULATED_FAILURE")
    progress("Reading a/1", 0.0)
    progress("Reading a/2", 0.5)
    if failure == "bad input":
        raise InputError("The data set lists no cases.")
    if failure == "full disk":
        raise InputError("Cannot write to the folder: No space left on device; choose another folder.")
    fail_with(failure)
    while failure == "hang":
        time.sleep(0.02)
        progress("Reading a/2", 0.5)
    return {"check_dataset": check, "dry_run": dry_run, "evaluate_model": evaluate, "import_model": install}[task](
        **arguments
    )


def check(manifest):  # noqa: ARG001
    """Return what ``check_manifest`` would."""
    found = {"cases": 7, "skulls": 6, "splits": {"training": 4, "validation": 2, "test": 1}, "problems": []}
    return found | json.loads(os.environ.get("CANNED_PROBLEMS", "{}"))


def dry_run(config, cache):  # noqa: ARG001
    """Return what the trial of a run would."""
    settings = json.loads(Path(config).read_text(encoding="utf-8"))
    if settings["run"].get("batch_size", 1) > 4:
        raise InputError("The GPU's memory is too small for this run; set a smaller batch.")
    return {
        "device": "cpu",
        "peak_memory_gb": 3.25,
        "memory_gb": float("nan"),
        "seconds_per_sample": 0.5,
        "seconds_per_step": 1.5,
        "steps_per_epoch": 100,
        "seconds_per_epoch": 180.0,
        "hours": 12.5,
    }


def evaluate(model, manifest, out, split, device):  # noqa: ARG001
    """Write the tables of an evaluation of two cases."""
    rows = []
    for name, dsc in (("a_1", 0.9), ("a_2", 0.8)):
        values = dict.fromkeys(HIGHER_IS_BETTER, 1.5) | {"dsc": dsc, "bdsc": dsc}
        rows.append({"case": name, "subject": name, "region": "", "kind": "", "diagonal_mm": 300.0} | values)
        rows[-1] |= {"flags": "", "error": ""}
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "cohort.json").write_text(json.dumps(cohort_description(rows)))
    return {}


def install(source, name):
    """Copy a model without looking into its weights."""
    description = model_library.find(source).description
    name = name or description["name"]
    folder = resources.user_folder() / name
    if folder.exists():
        raise InputError(f"There is a model '{name}' already; choose another name, or delete it first.")
    shutil.copytree(source, folder)
    (folder / "model.json").write_text(json.dumps(description | {"name": name}))
    return {"name": name}


worker._run = run
sys.exit(worker.main(sys.argv[1]))
