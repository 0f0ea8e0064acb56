"""States of CraNeXtTraining. Data set, run and curves are made up, since a real run takes days."""

import json
import math
import os
import random
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from gallery import state

FOLDER = Path(tempfile.gettempdir()) / "skulls"
EPOCHS = 300
PYTHON = Path(__file__).resolve().parents[1] / "Python"
PROBLEMS = [
    ("skullfix/031", "error", "The implant is empty: nothing is missing; remove the case."),
    ("skullfix/007 and skullfix/054", "warning", "These are the same head, or nearly so."),
    ("skullbreak/012/random-1", "warning", "Its axes point LAS, those of 113 other cases LPS; check left and right."),
]
_held = ExitStack()


def _open(stage):
    """Open the panel with an empty data set and an empty folder of runs."""
    from CraNeXtLib.core.runtime import jobs

    _held.close()
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "runs").mkdir(parents=True)
    os.environ["CRANEXT_HOME"] = str(FOLDER / "home")
    jobs.WORKER = PYTHON / "slicer_ui" / "canned_training_worker.py"
    (FOLDER / "manifest.csv").write_text("subject,complete\n")
    module = stage.open("CraNeXtTraining")
    module.ui.manifestEdit.currentPath = str(FOLDER / "manifest.csv")
    module.ui.runsFolderEdit.currentPath = str(FOLDER / "runs")
    module.ui.nameEdit.text = "our-skulls"
    return module


def _check(stage, module, problems):
    found = {"cases": 86, "skulls": 84, "splits": {"training": 66, "validation": 10, "test": 10}}
    found["problems"] = [{"case": c, "severity": s, "message": m} for c, s, m in problems]
    os.environ["CANNED_PROBLEMS"] = json.dumps(found)
    module.panel.data.checking.button.click()
    stage.wait(lambda: not module.panel.data.checking.busy)


def _run(epochs, **state):
    """Write and return the folder of a run with made-up curves."""
    from CraNeXtLib.training.runs.known_runs import remember_run
    from CraNeXtLib.training.runs.run_folder import RunState, now, write_state

    folder = FOLDER / "runs" / "our-skulls"
    log = folder / "logs" / "version_0" / "metrics.csv"
    log.parent.mkdir(parents=True)
    noise = random.Random(3)
    lines = ["complete-dsc,epoch,implant-dsc,step,train_loss,worst-implant-dsc"]
    for epoch in range(epochs):
        dsc = 0.87 - 0.75 * math.exp(-epoch / 18) + noise.gauss(0, 0.008)
        worst = dsc - 0.12 - 0.1 * math.exp(-epoch / 30) + noise.gauss(0, 0.02)
        loss = 0.12 + 0.85 * math.exp(-epoch / 22) + noise.gauss(0, 0.012)
        lines.append(f"{1 - (1 - dsc) / 12},{epoch},{dsc},{epoch * 500},,{max(worst, 0)}")
        lines.append(f",{epoch},,{epoch * 500},{loss},")
    log.write_text("\n".join(lines) + "\n")
    (folder / "config.yaml").write_text("{}")
    said = [f"{e / EPOCHS:4.0%}  Epoch {e + 1} of {EPOCHS}" for e in range(max(epochs - 12, 0), epochs)]
    (folder / "log.txt").write_text("\n".join(said) + "\n")
    write_state(folder, RunState(fraction=epochs / EPOCHS, started=now(), computer="workstation", **state))
    remember_run(folder)
    return folder


def _show(module, folder):
    module.parent.exit()
    module.parent.enter()
    module.panel.binding.parameters.runFolder = str(folder)
    module.ui.curvesButton.click()


@state("training-start", views=False)
def start(stage):
    _open(stage)


@state("training-check", views=False)
def check(stage):
    module = _open(stage)
    _check(stage, module, PROBLEMS)
    module.panel.settings.trying.button.click()
    stage.wait(lambda: not module.panel.settings.trying.busy)


@state("training-running", "training-running-dark")
def running(stage):
    from CraNeXtLib.core.files.lock import locked

    module = _open(stage)
    _check(stage, module, [])
    folder = _run(121, status="running", stage="Epoch 122 of 300, implant DSC 0.868, 19 h 40 min left")
    _held.enter_context(locked(folder / "run.lock"))
    _show(module, folder)
    module.ui.logGroup.checked = True
    stage.height = 1150


@state("training-stopped", views=False)
def stopped(stage):
    module = _open(stage)
    folder = _run(
        57,
        status="failed",
        stage="Epoch 58 of 300",
        message="The run in /tmp/skulls/runs/our-skulls stopped: No space left on device; the last whole checkpoint is "
        "still there. Make room, then resume it.",
    )
    _show(module, folder)
    module.ui.dataSection.collapsed = True
    module.ui.settingsSection.collapsed = True
    stage.wait(lambda: module.ui.resumeButton.visible)


@state("training-model", views=False)
def model(stage):
    from CraNeXtLib.completion import model_library

    module = _open(stage)
    folder = _run(300, status="done", stage="")
    shutil.copytree(model_library.find().folder, folder / "model")
    _show(module, folder)
    module.ui.dataSection.collapsed = True
    module.ui.settingsSection.collapsed = True
    module.ui.modelSection.collapsed = False
    module.panel.models.evaluating.button.click()
    stage.wait(lambda: not module.panel.models.evaluating.busy)
    module.ui.installNameEdit.text = "our-skulls"
    module.panel.models.installing.button.click()
    stage.wait(lambda: not module.panel.models.installing.busy)
