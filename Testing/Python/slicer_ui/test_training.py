"""CraNeXtTraining's logic and its way without a window, with a real training on generated heads, tiny and of seconds.

This does not prove: that Slicer's own Python starts the training, nor that Slicer passes on arguments and exit status,
which was read in its source.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from phantoms import write_data_set
from repository import REPOSITORY
from slicer_stand_ins.events import PATIENCE_S, wait_until
from slicer_ui.phantom_nodes import run_test_for_slicer

from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.training.runs.run_folder import read_state

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.training_fixtures"]

SCRIPT = REPOSITORY / "CraNeXtLib" / "slicer_ui" / "cranext_command.py"
TINY = {
    "preset": "default",
    "name": "tiny",
    "data": {"shape": [32, 32, 32], "spacing_mm": 3.0, "workers": 0},
    "network": {"options": {"widths": [4, 4, 4, 4, 4], "depths": [1, 1, 1, 1, 1], "drop_path": 0.0}},
    "run": {"epochs": 8, "samples_per_epoch": 4, "precision": "32", "threads": 1, "picture_every": 0},
}


@pytest.fixture
def logic(load_module, home):  # noqa: ARG001
    return load_module("CraNeXtTraining")[0].CraNeXtTrainingLogic()


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    """A manifest, and beside it the configuration of a tiny training."""
    manifest = write_data_set(tmp_path_factory.mktemp("heads"))
    (manifest.parent / "tiny.yaml").write_text(json.dumps(TINY))
    return manifest


@pytest.fixture
def slicer_without_window(tmp_path):
    """Start a stand-in for ``Slicer --no-main-window --python-script``, as much of it as the command uses.

    The value takes the Python code that runs in Slicer and its arguments, and returns the process.
    """
    application = (
        "import sys, types\n"
        "slicer = sys.modules['slicer'] = types.ModuleType('slicer')\n"
        "slicer.app = types.SimpleNamespace(processEvents=lambda: None)\n"
        "slicer.util = types.SimpleNamespace(settingsValue=lambda key, default: default, exit=sys.exit)\n"
    )
    started = []

    def start(program, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", application + program, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def children_of(process):
    """Return the processes whose parent is a process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
        except OSError:
            continue
        if int(status.rsplit(")", 1)[1].split()[1]) == process.pid:
            found.append(int(folder.name))
    return found


def test_from_a_data_set_to_an_installed_model(logic, heads, tmp_path, scene):
    found = logic.check(heads)
    assert found.description["splits"] == {"training": 2, "validation": 1}
    assert found.table.GetScene() is scene

    run = logic.start(heads, tmp_path / "run", configuration=heads.parent / "tiny.yaml", modelName="mine")
    wait_until(lambda: not run.poll() or len(run.curves.get("implant-dsc", [])) >= 2)
    run.stop()
    wait_until(lambda: not run.poll())
    assert run.state.status == "stopped", run.log
    done = len(run.curves["implant-dsc"])
    assert 2 <= done < 8

    again = logic.find(tmp_path / "run")
    again.resume()
    told = []
    model = again.wait(lambda stage, fraction: told.append((stage, fraction)))
    assert any(stage.startswith("Epoch") and "left" in stage for stage, _ in told)
    curves = again.curves
    assert [epoch for epoch, _ in curves["implant-dsc"]] == list(range(1, 9))
    assert [epoch for epoch, _ in curves["train_loss"]] == list(range(1, 9))
    assert model_library.find(model).name == "mine"

    scores = logic.evaluate(model, heads, tmp_path / "scores", split="validation", device="cpu")
    assert scores.description["tables"]["all"]["dsc"]["n"] == 1
    assert scores.table.GetNumberOfRows() == 3
    assert scores.table.GetCellText(1, 1) == "nan"  # one case has no standard deviation
    assert logic.install(model, "installed").name == "installed"
    assert model_library.find("installed").sha256 == model_library.find(model).sha256
    with pytest.raises(InputError, match="installed"):
        logic.install(model, "installed")


def test_what_cannot_be_is_refused(logic, heads, tmp_path):
    with pytest.raises(InputError, match="no data set"):
        logic.check(tmp_path / "none.csv")
    with pytest.raises(InputError, match="manifest"):
        logic.start(tmp_path / "none.csv", tmp_path / "run")
    with pytest.raises(InputError, match="no configuration file"):
        logic.start(heads, tmp_path / "run", configuration=tmp_path / "none.yaml")
    with pytest.raises(InputError, match="no Python at"):
        logic.start(heads, tmp_path / "run", python=tmp_path / "python")
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="no run in"):
        logic.find(tmp_path).resume()


def test_a_script_waits_for_a_run_and_stops_it(logic, heads, canned, tmp_path):
    canned(training="bad")
    run = logic.start(heads, tmp_path / "bad")
    with pytest.raises(RuntimeError, match="lists no cases"):
        run.wait()
    canned(training="long")
    run = logic.start(heads, tmp_path / "long")

    def enough(_stage, fraction):
        if fraction:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.wait(enough)
    with pytest.raises(CancelledError, match="resumed"):
        run.wait()
    assert read_state(tmp_path / "long").status == "stopped"


def test_without_a_window_it_is_the_command(slicer_without_window, tmp_path):
    """Output and exit status are those of the command line, with or without Slicer's ``--``."""
    script = "del sys.argv[0]; exec(open(sys.argv[0]).read(), {'__name__': '__main__', '__file__': sys.argv[0]})"
    process = slicer_without_window(script, SCRIPT, "--", "train", "default", "--print-config")
    printed, _ = process.communicate()
    assert process.returncode == 0
    assert "samples_per_epoch: 500" in printed
    process = slicer_without_window(script, SCRIPT, "train", "worst", "--out", tmp_path / "run")
    _, said = process.communicate()
    assert process.returncode == 2
    assert said.count("cranext: error: 'worst' is neither a preset") == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_without_a_window_nothing_is_left_when_slicer_ends(slicer_without_window, tmp_path, how):
    """However Slicer ends, the command ends by itself; no deadline kills either of them here."""
    alive, command = tmp_path / "alive", tmp_path / "command.py"
    command.write_text(
        "import sys, time; from pathlib import Path\n"
        "from CraNeXtLib.core.runtime import parent_process\n"
        f"parent_process._SECONDS_TO_END = {PATIENCE_S}\n"
        "parent_process.when_parent_closes(parent_process.interrupt)\n"
        "try:\n"
        "    Path(sys.argv[1]).touch()\n"
        f"    time.sleep({PATIENCE_S})\n"
        "except KeyboardInterrupt:\n"
        "    Path(sys.argv[1]).unlink(); print('ended', flush=True); sys.exit(130)\n"
    )
    program = (
        "from pathlib import Path\n"
        "from CraNeXtLib.slicer_ui import cranext_command\n"
        f"cranext_command.PROGRAM = Path({str(command)!r})\n"
        f"cranext_command._SECONDS_TO_END = {PATIENCE_S}\n"
        "sys.exit(cranext_command.run_command(sys.argv[1:]))\n"
    )
    process = slicer_without_window(program, alive)
    wait_until(alive.exists)
    assert children_of(process)
    process.send_signal(how)
    printed, _ = process.communicate(timeout=PATIENCE_S)
    if how != signal.SIGKILL:
        assert process.returncode == 130
        assert "ended" in printed
    wait_until(lambda: not alive.exists())


def test_the_test_for_slicer_passes(load_module, home):  # noqa: ARG001
    """From the console to a model, as in Slicer but for the application around it."""
    load_module("CraNeXtTraining")
    run_test_for_slicer("test_cranext_training.py")
