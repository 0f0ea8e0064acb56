"""The child process reports, fails and ends in ways that the parent understands, and leaves nothing behind."""

import subprocess
import sys
import time

import pytest

from CraNeXtLib.core.errors import CancelledError, InputError, NoImplantError
from CraNeXtLib.core.runtime import jobs

HEADER = "import json, os, pathlib, signal, sys, time\njob = json.loads(pathlib.Path(sys.argv[1]).read_text())\n"
SEND = "def send(**e): print(json.dumps(e), flush=True)\n"


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Replace the worker by a script, so that every way to end can be had in a fraction of a second."""

    def write(body: str) -> None:
        script = tmp_path / "fake_worker.py"
        script.write_text(HEADER + SEND + body)
        monkeypatch.setattr(jobs, "WORKER", script)

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(jobs.tempfile, "tempdir", None)
    return write


def leftovers(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(("cranext-job-", "."))]


def test_result_progress_and_log(worker, tmp_path):
    worker(
        "print('noise'); print('to the log', file=sys.stderr)\n"
        "for i in range(3): send(event='progress', stage='Working', fraction=i / 2)\n"
        "send(event='done', result={'sum': sum(job['arguments']['numbers'])})\n"
    )
    reports = []
    job = jobs.Job("add", {"numbers": [1, 2, 3]})
    assert job.wait(lambda *event: reports.append(event)) == {"sum": 6}
    assert reports == [("Working", 0.0), ("Working", 0.5), ("Working", 1.0)]
    assert "noise" in job.log
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("error", [InputError, NoImplantError])
def test_our_errors_come_back_as_themselves(worker, error):
    worker(f"send(event='error', kind='{error.__name__}', status=2, message='Do this.')")
    with pytest.raises(error, match="Do this"):
        jobs.Job("any", {}).wait()


def test_a_crash_and_a_kill_are_explained(worker, tmp_path):
    worker("print('Segmentation fault', file=sys.stderr, flush=True); os._exit(139)")
    with pytest.raises(RuntimeError, match=r"status 139: Segmentation fault"):
        jobs.Job("any", {}).wait()
    worker(
        "run = pathlib.Path(job['arguments']['out']) / '.cranext-run'; run.mkdir(parents=True)\n"
        "(run / 'lock').touch()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with pytest.raises(RuntimeError, match="memory"):
        jobs.Job("any", {"out": str(tmp_path / "out")}).wait()
    assert leftovers(tmp_path / "out") == []
    assert leftovers(tmp_path) == []


def test_cancel_reaches_the_worker(worker, tmp_path):
    worker("send(event='progress', stage='Waiting', fraction=0)\nsys.stdin.readline()\nos._exit(130)\n")
    job = jobs.Job("any", {})

    def cancel(_stage, _fraction):
        raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        job.wait(cancel)
    with pytest.raises(CancelledError):
        job.result()
    assert leftovers(tmp_path) == []


def test_a_program_ends_as_soon_as_its_cancelled_job_has(worker):
    worker("send(event='progress', stage='Waiting', fraction=0)\nsys.stdin.readline()\nos._exit(130)\n")
    program = (
        "import sys, time\n"
        "from CraNeXtLib.core.runtime import jobs\n"
        "jobs.WORKER = sys.argv[1]\n"
        "job = jobs.Job('any', {})\n"
        "job.cancel()\n"
        "while not job.poll(): time.sleep(0.01)\n"
    )
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", program, str(jobs.WORKER)], check=True)
    assert time.monotonic() - start < jobs._SECONDS_TO_CANCEL - 3


def test_a_deaf_worker_is_killed(worker, monkeypatch):
    monkeypatch.setattr(jobs, "_SECONDS_TO_CANCEL", 0.2)
    worker("send(event='progress', stage='Deaf', fraction=0)\ntime.sleep(60)\n")
    job = jobs.Job("any", {})
    job.cancel()
    start = time.monotonic()
    while not job.poll():
        time.sleep(0.02)
    assert time.monotonic() - start < 10
    with pytest.raises(CancelledError):
        job.result()


@pytest.mark.slow
def test_the_real_worker_refuses_in_our_words(tmp_path, monkeypatch):
    monkeypatch.setenv("ITK_AUTOLOAD_PATH", "/nonexistent")
    settings = {"skull": str(tmp_path / "Schädel mit Loch.nrrd"), "out": str(tmp_path / "out")}
    with pytest.raises(InputError, match=r"no file .*Schädel mit Loch"):
        jobs.Job("reconstruct", settings, python=sys.executable).wait()
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="no task"):
        jobs.Job("nonsense", {}).wait()
    with pytest.raises(InputError, match="no setting modell"):
        jobs.Job("reconstruct", settings | {"settings": {"modell": "x"}}).wait()


@pytest.mark.slow
def test_the_real_worker_checks_evaluates_and_installs(tmp_path):
    """What the training module asks of it; each ends in the library's own words about a file that is not there."""
    nowhere = str(tmp_path / "none.csv")
    for task, arguments, message in (
        ("check_dataset", {"manifest": nowhere}, r"no file .*none\.csv"),
        ("dry_run", {"config": nowhere, "cache": nowhere}, "neither a preset"),
        ("evaluate_model", {"model": "none", "manifest": nowhere, "out": nowhere, "split": "test"}, "no model 'none'"),
        ("import_model", {"source": str(tmp_path), "name": "x"}, "not a model folder"),
    ):
        with pytest.raises(InputError, match=message):
            jobs.Job(task, arguments).wait()


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    (tmp_path / "nrrd.py").write_text("raise ModuleNotFoundError('no', name='nrrd')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "x.nrrd").touch()
    with pytest.raises(InputError, match="lacks the package nrrd"):
        jobs.Job("reconstruct", {"skull": str(tmp_path / "x.nrrd"), "out": str(tmp_path / "out")}).wait()
