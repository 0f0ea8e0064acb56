"""CraNeXtTraining's logic, with a real but tiny training on generated heads.

This does not prove: that Slicer's own Python starts the training.
"""

import json

import pytest
from phantoms import write_data_set
from slicer_stand_ins.events import wait_until
from slicer_ui.phantom_nodes import run_test_for_slicer

from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.training.runs.run_folder import read_state

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.training_fixtures"]

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
    """A manifest with the configuration of a tiny training beside it."""
    manifest = write_data_set(tmp_path_factory.mktemp("heads"))
    (manifest.parent / "tiny.yaml").write_text(json.dumps(TINY))
    return manifest


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
    events = []
    model = again.wait(lambda stage, fraction: events.append((stage, fraction)))
    assert any(stage.startswith("Epoch") and "left" in stage for stage, _ in events)
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


def test_invalid_settings_are_refused(logic, heads, tmp_path):
    with pytest.raises(InputError, match="no file"):
        logic.check(tmp_path / "none.csv")
    with pytest.raises(InputError, match="manifest"):
        logic.start(tmp_path / "none.csv", tmp_path / "run")
    with pytest.raises(InputError, match=r"no file .*none\.yaml"):
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


def test_the_test_for_slicer_passes(load_module, home):  # noqa: ARG001
    """From the console to a model, with stand-ins for the application only."""
    load_module("CraNeXtTraining")
    run_test_for_slicer("test_cranext_training.py")
