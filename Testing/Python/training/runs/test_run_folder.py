"""A run's folder as other processes see it: with processes that are killed, stopped, unresponsive, or competing.

This does not prove: that training itself stops cleanly, which slicer_ui/runs/test_training_run.py tests; nor anything
about Windows, whose file locks differ.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from repository import REPOSITORY

from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.core.files.lock import locked
from CraNeXtLib.training.runs import background, run_folder
from CraNeXtLib.training.runs.background import last_lines, resume_in_background, start_in_background
from CraNeXtLib.training.runs.curves import read_curves
from CraNeXtLib.training.runs.run_folder import announce_start, in_charge, read_state, request_stop


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Start a made-up training in the background; the value is its process. None is left when the test ends."""
    monkeypatch.setattr(background, "PROGRAM", Path(__file__).with_name("canned_training_run.py"))
    started = []

    def begin(kind="short", folder=tmp_path / "Läufe" / "my run", *, resume=False, **run):
        monkeypatch.setenv("CANNED_TRAINING", kind)
        process = resume_in_background(folder) if resume else start_in_background({"run": run}, folder)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "Läufe" / "my run"


PATIENCE_S = 1200.0
"""Far more than anything takes on a busy machine: this limit only ends a test that would hang."""


def wait_for(condition):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        time.sleep(0.02)


def test_a_run_tells_how_it_goes_and_ends(start, folder):
    assert read_state(folder).status == "none"
    process = start(epochs=20)
    assert read_state(folder).status in ("starting", "running")
    wait_for(lambda: read_state(folder).fraction > 0)
    state = read_state(folder)
    assert state.status == "running"
    assert state.stage.startswith("Epoch")
    assert process.wait() == 0
    state = read_state(folder)
    assert (state.status, state.fraction) == ("done", 1.0)
    assert not state.can_resume
    assert last_lines(folder)[-1] == "epoch 20"
    assert last_lines(folder, 2) == ["epoch 19", "epoch 20"]
    with pytest.raises(InputError, match="already holds a run"):
        start()


def test_a_killed_run_is_seen_to_be_lost_at_once_and_can_be_resumed(start, folder):
    process = start("long")
    wait_for(lambda: len(read_curves(folder).get("train_loss", [])) > 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    state = read_state(folder)
    assert state.status == "lost"
    assert "killed" in state.message
    assert state.can_resume
    done = len(read_curves(folder)["train_loss"])
    resumed = start("long", resume=True)
    wait_for(lambda: len(read_curves(folder)["train_loss"]) > done + 2)
    request_stop(folder)
    assert resumed.wait() == 130
    curve = read_curves(folder)["train_loss"]
    assert [epoch for epoch, _ in curve] == list(range(1, len(curve) + 1))
    assert curve[2] == (3, pytest.approx(1 / 3))


def test_a_zombie_is_not_taken_for_a_run(start, folder):
    """A killed child that nobody has waited for still has its number and its time of start."""
    process = start("long")
    wait_for(lambda: read_state(folder).status == "running" and read_state(folder).fraction > 0)
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: read_state(folder).status == "lost")
    assert Path(f"/proc/{process.pid}").exists() or sys.platform != "linux"


def test_a_run_is_stopped_by_request(start, folder):
    process = start("long")
    wait_for(lambda: read_state(folder).fraction > 0)
    request_stop(folder)
    assert process.wait(timeout=PATIENCE_S) == 130
    state = read_state(folder)
    assert state.status == "stopped"
    assert state.can_resume
    assert not (folder / "stop").exists()
    assert any("--resume" in line for line in last_lines(folder))


def test_two_runs_do_not_share_a_folder(start, folder):
    start("long")
    wait_for(lambda: read_state(folder).fraction > 0)
    with pytest.raises(InputError, match="still active; stop it first"):
        start("long")
    with pytest.raises(InputError, match="already active"):
        start(resume=True)
    with (
        pytest.raises(InputError, match="Another process"),
        in_charge(folder, lambda *_: None),
    ):
        pytest.fail("let in")
    assert read_state(folder).status == "running"


def test_the_run_outlives_the_program_that_started_it(tmp_path):
    folder = tmp_path / "run"
    script = (
        "import sys; from pathlib import Path; from CraNeXtLib.training.runs import background;"
        "background.PROGRAM = Path(sys.argv[1]); background.start_in_background({}, sys.argv[2])"
    )
    fake = Path(__file__).with_name("canned_training_run.py")
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "CANNED_TRAINING": "long"}
    starter = subprocess.Popen([sys.executable, "-c", script, fake, folder], env=environment, start_new_session=True)
    assert starter.wait() == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(starter.pid, signal.SIGHUP)  # the starter's terminal goes too
    wait_for(lambda: read_state(folder).fraction > 0)
    request_stop(folder)
    wait_for(lambda: read_state(folder).status == "stopped")


@pytest.mark.parametrize(("kind", "message"), [("bad", "no cases"), ("full", "No space left")])
def test_a_failed_run_says_why(start, folder, kind, message):
    process = start(kind)
    assert process.wait() == 2
    state = read_state(folder)
    assert state.status == "failed"
    assert message in state.message
    assert state.can_resume
    if kind == "full":
        assert len(read_curves(folder)["train_loss"]) == 1
    else:
        start("short").wait()  # it never began, so its folder is free
        assert read_state(folder).status == "done"


def test_work_that_does_not_look_is_interrupted_and_at_last_ended(tmp_path):
    """Work that listens to the interruption may take its time; work that is deaf to it is ended."""
    script = (
        "import sys, time; from CraNeXtLib.training.runs import run_folder\n"
        "folder, kind = sys.argv[1:]\n"
        "interrupt, run_folder._SECONDS_TO_STOP = run_folder.interrupt, 0.3\n"
        "def interrupt_and_be_patient():\n"
        f"    run_folder._SECONDS_TO_STOP = {PATIENCE_S}\n"
        "    interrupt()\n"
        "if kind == 'listens': run_folder.interrupt = interrupt_and_be_patient\n"
        "with run_folder.in_charge(folder, print):\n"
        "    while True:\n"
        f"        try: time.sleep({PATIENCE_S} if kind == 'listens' else 0.02)\n"
        "        except KeyboardInterrupt:\n"
        "            if kind == 'listens': raise\n"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    for kind, status in (("listens", 1), ("deaf", 130)):
        folder = tmp_path / kind
        process = subprocess.Popen(
            [sys.executable, "-c", script, folder, kind], env=environment, stderr=subprocess.DEVNULL
        )
        wait_for(lambda folder=folder: read_state(folder).status == "running")
        request_stop(folder)
        assert process.wait(timeout=PATIENCE_S) == status  # 1 is Python's own, for the CancelledError
        assert read_state(folder).status == "stopped"


def test_a_request_counts_from_the_start_and_an_old_one_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "_SECONDS_BETWEEN_LOOKS", 0.02)

    def work():
        """Report two stages, each until it is in the record, so that the run has looked for a request in between."""
        with in_charge(tmp_path, lambda *_: None) as tell:
            for stage in ("Working", "Still working"):
                wait_for(lambda stage=stage: tell(stage, 0.5) or read_state(tmp_path).stage == stage)

    request_stop(tmp_path)  # when nothing runs, or left by a process that was killed
    work()
    assert read_state(tmp_path).status == "done"

    def work_until_stopped():
        with pytest.raises(CancelledError), in_charge(tmp_path, lambda *_: None) as tell:
            wait_for(lambda: tell("Working", 0.5))

    announce_start(tmp_path)
    request_stop(tmp_path)  # before the process that was started has come so far
    work_until_stopped()

    @contextmanager
    def holding_when_asked(path):
        with locked(path):
            request_stop(tmp_path)  # as soon as the run is seen to go on
            yield

    monkeypatch.setattr(run_folder, "locked", holding_when_asked)
    work_until_stopped()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_processes_that_a_run_forks_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "_SECONDS_TO_STOP", 0.1)
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for what runs in the background
    try:
        with in_charge(tmp_path, lambda *_: None):
            worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(0,))  # as a DataLoader does
            worker.start()
            worker.join()
    finally:
        signal.signal(signal.SIGINT, ignored)
    assert worker.exitcode == 0


@pytest.mark.parametrize("end", [KeyboardInterrupt(), SystemExit(1), SystemExit(), CancelledError("x")])
def test_every_way_to_stop_ends_as_cancelled(tmp_path, end):
    with pytest.raises(CancelledError, match="--resume"), in_charge(tmp_path / "run", lambda *_: None):
        raise end
    assert read_state(tmp_path / "run").status == "stopped"


def test_a_run_that_never_began_leaves_no_folder(tmp_path):
    run = tmp_path / "runs" / "mine" / "run"
    with pytest.raises(InputError, match="no"), in_charge(run, lambda *_: None):
        (run / "cache").mkdir()
        raise InputError("no")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_refused(start, tmp_path):
    (tmp_path / "file").touch()
    for run in (
        lambda: start(folder=tmp_path / "file" / "run"),
        lambda: in_charge(tmp_path / "file", print).__enter__(),
    ):
        with pytest.raises(InputError, match="Cannot write"):
            run()
    with pytest.raises(InputError, match="Cannot start"):
        start_in_background({}, tmp_path / "run", python=tmp_path / "python")
    assert read_state(tmp_path / "run").status == "failed"
    with pytest.raises(InputError, match="no run in"):
        resume_in_background(tmp_path)


def test_curves_of_nothing_and_of_a_line_being_written(tmp_path):
    assert read_curves(tmp_path) == {}
    log = tmp_path / "logs" / "version_0" / "metrics.csv"
    log.parent.mkdir(parents=True)
    log.write_text("epoch,implant-dsc,step,train_loss\n0,0.5,3,\n0,,3,0.9\n1,0.6,7,\n1,,7,0.")
    assert read_curves(tmp_path) == {"implant-dsc": [(1, 0.5), (2, 0.6)], "train_loss": [(1, 0.9), (2, 0.0)]}
    log.write_text("epoch,implant-dsc,step,train_loss\n0,0.5,3,\n0,,")
    assert read_curves(tmp_path) == {"implant-dsc": [(1, 0.5)]}
