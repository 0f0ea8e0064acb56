"""Fixtures: canned training runs and worker tasks, so that a test takes only a fraction of a second."""

from pathlib import Path

import pytest
from slicer_stand_ins.events import wait_until

from CraNeXtLib.core.runtime import jobs
from CraNeXtLib.training.runs import background
from CraNeXtLib.training.runs.known_runs import known_runs
from CraNeXtLib.training.runs.run_folder import read_state, request_stop

HERE = Path(__file__).parent
RUN = HERE.parent / "training" / "runs" / "canned_training_run.py"


@pytest.fixture
def home(monkeypatch, tmp_path):
    """An empty folder for the user's models and runs; all runs are stopped after the test."""
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    yield tmp_path / "home"
    for folder in known_runs():
        if read_state(folder).is_active:
            request_stop(folder)
            wait_until(lambda folder=folder: not read_state(folder).is_active)


@pytest.fixture
def canned(home, monkeypatch):  # noqa: ARG001
    """Can training runs and worker tasks; the fixture is a function that chooses what happens in the next one."""
    monkeypatch.setattr(background, "PROGRAM", RUN)
    monkeypatch.setattr(jobs, "WORKER", HERE / "canned_training_worker.py")

    def choose(**what):
        for name, value in what.items():
            monkeypatch.setenv(f"CANNED_{name.upper()}", value)

    choose(training="short")
    return choose


@pytest.fixture
def manifest(tmp_path):
    """A manifest that is never opened."""
    path = tmp_path / "Köpfe mit Loch" / "manifest.csv"
    path.parent.mkdir()
    path.write_text("subject,complete\n")
    return path
