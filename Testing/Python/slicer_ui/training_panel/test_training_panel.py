"""CraNeXtTraining's panel, used like a person does, with canned training runs.

This does not prove: that Slicer's widgets behave as their stand-ins, nor that plots are drawn; that training itself
works is in test_training_run.py.
"""

import json
import os
import signal
from pathlib import Path

import pytest
from slicer_stand_ins.events import wait_until

from CraNeXtLib.completion import model_library
from CraNeXtLib.slicer_ui.runs import training_run
from CraNeXtLib.training.runs.run_folder import read_state, request_stop

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.training_fixtures"]

MODULE = "CraNeXtTraining"
PROBLEMS = {
    "problems": [
        {"case": "a/1", "severity": "error", "message": "The implant is empty."},
        {"case": "a/2", "severity": "warning", "message": "Its axes point LPS."},
    ]
}


@pytest.fixture
def training(panel, canned, manifest, tmp_path):  # noqa: ARG001
    """The panel with a data set and a folder for runs."""
    widget = panel(MODULE)
    widget.ui.manifestEdit.currentPath = str(manifest)
    widget.ui.runsFolderEdit.currentPath = str(tmp_path / "Läufe")
    return widget


def status(widget):
    return widget.panel.runs.run.state.status


def start(widget, **settings):
    for name, value in settings.items():
        getattr(widget.ui, name).value = value
    widget.ui.startButton.click()
    wait_until(lambda: widget.panel.runs.run is not None and widget.panel.runs.run.state.fraction > 0)


def press(control):
    control.button.click()
    wait_until(lambda: not control.busy)


def title(button):
    return button.text.replace("&", "")


def rows_of(table):
    columns = range(table.GetNumberOfColumns())
    return [[table.GetCellText(row, column) for column in columns] for row in range(table.GetNumberOfRows())]


def test_without_a_data_set_the_controls_explain_what_is_needed(panel, canned):  # noqa: ARG001
    ui = panel(MODULE).ui
    assert not ui.startButton.enabled
    assert "manifest" in ui.startButton.toolTip
    assert not ui.resumeButton.visible
    assert not ui.problemsTable.visible
    assert not ui.progressBar.visible


def test_a_missing_data_set_is_named(training, tmp_path):
    training.ui.manifestEdit.currentPath = str(tmp_path / "none.csv")
    assert not training.ui.startButton.enabled
    assert not training.panel.data.checking.button.enabled
    assert "none.csv" in training.panel.data.checking.button.toolTip


def test_checking_a_data_set(training, canned, scene):
    canned(problems=json.dumps(PROBLEMS))
    press(training.panel.data.checking)
    table = training.ui.problemsTable.mrmlTableNode()
    assert rows_of(table) == [["Error", "a/1", "The implant is empty."], ["Warning", "a/2", "Its axes point LPS."]]
    said = training.panel.data.message.text
    assert "7 cases of 6 skulls: 4 for training, 2 for validation, 1 for testing." in said
    assert "Errors to fix: 1. Warnings to review: 1." in said
    canned(problems=json.dumps({"splits": {"training": 7}}))
    press(training.panel.data.checking)
    assert "No case is assigned to validation" in training.panel.data.message.text
    assert not training.ui.problemsTable.visible
    assert scene.GetNodesByClass("vtkMRMLTableNode").GetNumberOfItems() == 1


def test_problems_are_not_shown_for_another_data_set(training, canned, tmp_path):
    canned(problems=json.dumps(PROBLEMS))
    press(training.panel.data.checking)
    other = tmp_path / "other.csv"
    other.touch()
    training.ui.manifestEdit.currentPath = str(other)
    assert training.panel.data.message.text == ""
    assert training.ui.problemsTable.mrmlTableNode() is None


def test_a_check_can_be_cancelled(training, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    control = training.panel.data.checking
    control.button.click()
    wait_until(lambda: "a/2" in control.stage_label.text)
    assert title(control.button) == "Cancel"
    control.button.click()
    wait_until(lambda: not control.busy)
    assert "Canceled" in control.message.text


def test_trying_a_few_steps(training):
    press(training.panel.settings.trying)
    said = training.panel.settings.message.text
    assert "3.2 GB on the CPU. A step takes 1.5 s, an epoch of 100 steps with validation 3 min" in said
    assert "the whole run 12 h 30 min" in said
    training.ui.batchSizeSpinBox.value = 8
    assert training.panel.settings.message.text == ""  # it was for other settings
    press(training.panel.settings.trying)
    assert "too small" in training.panel.settings.trying.message.text
    assert training.panel.settings.message.text == ""


@pytest.mark.usefixtures("main_window")
def test_a_training_from_start_to_installed_model(training, tmp_path):
    import slicer

    ui = training.ui
    ui.nameEdit.text = "first"
    start(training, epochsSpinBox=40)
    assert title(ui.startButton) == "Stop"
    assert ui.progressBar.visible
    assert "left" in ui.stageLabel.text
    settings = json.loads((tmp_path / "Läufe" / "first" / "settings.yaml").read_text())
    assert settings["run"] == {"epochs": 40}
    assert settings["name"] == "first"
    assert settings["preset"] == "default"
    wait_until(lambda: status(training) == "done")
    assert title(ui.startButton) == "Start training"
    assert "ready" in ui.stageLabel.text
    assert not ui.resumeButton.visible
    assert "first – done" in ui.runComboBox.currentText
    assert "Best epoch: 40" in ui.bestLabel.text

    node = training.logic.getParameterNode()
    assert node.curves.GetNumberOfRows() == 40
    assert rows_of(node.curves)[0][:2] == ["1", "1"]
    plots = [slicer.app.layoutManager().plotWidget(i).mrmlPlotViewNode().GetPlotChartNode() for i in range(2)]
    assert plots == [node.scoreChart, node.lossChart]
    assert [node.scoreChart.GetNthPlotSeriesNode(i).GetName() for i in range(2)] == ["Implant", "Complete skull"]

    assert not training.panel.models.evaluating._blocked
    press(training.panel.models.evaluating)
    assert rows_of(node.scores)[0][:2] == ["Mean", "0.85"]
    assert rows_of(node.scores)[2][0] == "a_2"  # worst first
    assert "pca_skull on test: mean DSC 0.850" in training.panel.models.message.text
    ui.installNameEdit.text = "from the panel"
    press(training.panel.models.installing)
    assert "from the panel" in training.panel.models.installing.message.text
    assert model_library.find("from the panel")
    assert ui.modelComboBox.findData("from the panel") > 0
    press(training.panel.models.installing)
    assert "already" in training.panel.models.installing.message.text


def test_stop_and_resume(training, canned):
    canned(training="long")
    start(training)
    training.ui.startButton.click()
    assert title(training.ui.startButton) == "Stop"
    assert not training.ui.startButton.enabled
    wait_until(lambda: status(training) == "stopped")
    assert training.ui.resumeButton.visible
    assert "Stopped. Epoch" in training.ui.stageLabel.text
    training.ui.startButton.click()  # with the same name
    message = training.panel.runs.message.text
    assert message.endswith("already holds a run; continue it (“Resume”), or choose another folder (“Model name”).")
    canned(training="short")
    training.ui.resumeButton.click()
    wait_until(lambda: status(training) == "done")
    assert training.panel.runs.message.text == ""


def test_a_killed_training_is_noticed_and_can_be_resumed(training, canned):
    canned(training="long")
    start(training)
    os.kill(training.panel.runs.run._process.pid, signal.SIGKILL)
    wait_until(lambda: status(training) == "lost")
    assert "ended unexpectedly" in training.panel.runs.message.text
    assert "ended unexpectedly" in training.ui.runComboBox.currentText
    canned(training="short")
    training.ui.resumeButton.click()
    wait_until(lambda: status(training) == "done")


@pytest.mark.parametrize(
    ("kind", "said"), [("bad", "lists no cases"), ("full", "No space left"), ("gpu", "set a smaller “Batch size”.")]
)
def test_a_failed_training_is_explained(training, canned, kind, said):
    canned(training=kind)
    training.ui.startButton.click()
    wait_until(lambda: status(training) == "failed")
    assert said in training.panel.runs.message.text
    assert training.ui.resumeButton.visible


def test_a_python_that_cannot_train_is_reported(training, monkeypatch, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('No module named numpy')")
    monkeypatch.setattr("CraNeXtLib.training.runs.background.PROGRAM", broken)
    training.ui.startButton.click()
    wait_until(lambda: status(training) == "failed")
    assert "No module named numpy" in training.panel.runs.message.text


def test_invalid_settings_are_refused(training, tmp_path):
    training.ui.nameEdit.text = "../elsewhere"
    training.ui.startButton.click()
    assert "“Model name” may contain only" in training.panel.runs.message.text
    training.ui.nameEdit.text = "fine"
    (tmp_path / "a file").touch()
    training.ui.runsFolderEdit.currentPath = str(tmp_path / "a file")
    training.ui.startButton.click()
    assert "Cannot write" in training.panel.runs.message.text


def test_deleting_the_data_set_leaves_a_run_alone(training, canned, manifest):
    canned(training="long")
    start(training)
    manifest.unlink()
    training.ui.nameEdit.text = "another"  # any change updates the panel
    assert training.ui.startButton.enabled  # to stop
    training.ui.startButton.click()
    wait_until(lambda: status(training) == "stopped")
    assert not training.ui.startButton.enabled
    assert "manifest.csv" in training.ui.startButton.toolTip


def test_a_run_folder_may_be_deleted(training):
    import shutil

    start(training)
    wait_until(lambda: status(training) == "done")
    shutil.rmtree(training.panel.runs.run.folder)
    training.parent.exit()
    training.parent.enter()
    assert status(training) == "none"
    assert not training.ui.resumeButton.visible
    training.ui.runComboBox.setCurrentIndex(0)
    training.ui.runComboBox.activated.emit(0)
    assert training.panel.runs.run is None


def test_a_run_survives_closing_the_scene_and_is_found_again(training, canned, scene):
    canned(training="long")
    start(training)
    folder = training.panel.runs.run.folder
    scene.Clear(False)
    assert read_state(folder).status == "running"
    assert training.panel.runs.run.folder == folder  # a run in progress is shown in the new scene
    assert title(training.ui.startButton) == "Stop"
    assert training.logic.getParameterNode().curves is None


def test_a_run_survives_closing_slicer_and_is_found_again(training, canned, scene):
    from slicer_stand_ins import modules

    canned(training="long")
    start(training)
    folder = training.panel.runs.run.folder
    modules.close_panel(MODULE)
    scene.Clear(True)
    before = read_state(folder).stage
    wait_until(lambda: read_state(folder).stage != before)
    assert read_state(folder).status == "running"
    again = modules.open_panel(MODULE)
    assert again.panel.runs.run.folder == folder
    assert "running" in again.ui.runComboBox.currentText
    again.ui.startButton.click()
    wait_until(lambda: status(again) == "stopped")


def test_a_run_of_the_command_line_is_found(training, canned, tmp_path, monkeypatch):
    import qt

    from CraNeXtLib.training.runs.background import start_in_background

    canned(training="long")
    folder = tmp_path / "elsewhere"
    start_in_background({}, folder)
    chosen = [str(tmp_path), str(folder)]
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_: chosen.pop(0))
    training.ui.findButton.click()
    assert "no training run" in training.panel.runs.message.text
    training.ui.findButton.click()
    wait_until(lambda: status(training) == "running")
    request_stop(folder)
    wait_until(lambda: status(training) == "stopped")
    assert "elsewhere – stopped" in training.ui.runComboBox.currentText


def test_a_closed_panel_does_not_poll(training, canned, monkeypatch):
    """A timer as fast as the panel's ticks many times while it is closed."""
    import qt

    monkeypatch.setattr(training_run, "_POLL_INTERVAL_MS", 10)
    canned(training="long")
    start(training)
    training.parent.exit()
    before, ticks, timer = training.ui.stageLabel.text, [], qt.QTimer()
    timer.setInterval(training_run._POLL_INTERVAL_MS)
    timer.connect("timeout()", lambda: ticks.append(True))
    timer.start()
    run = training.panel.runs.run
    wait_until(lambda: read_state(run.folder).stage != before)
    ticks.clear()
    wait_until(lambda: len(ticks) > 20)
    timer.stop()
    assert training.ui.stageLabel.text == before
    training.parent.enter()
    assert training.ui.stageLabel.text != before


def test_the_panel_is_saved_with_the_scene(training, canned, scene, tmp_path):
    canned(problems=json.dumps(PROBLEMS))
    press(training.panel.data.checking)
    training.ui.nameEdit.text = "kept"
    start(training, epochsSpinBox=3, batchSizeSpinBox=2)
    training.ui.deviceComboBox.setCurrentIndex(2)
    training.ui.deviceComboBox.activated.emit(2)
    wait_until(lambda: status(training) == "done")
    training.ui.curvesButton.click()
    path = str(tmp_path / "scene.mrb")
    assert scene.WriteToMRB(path)
    scene.Clear(False)
    assert training.ui.nameEdit.text == "my-model"
    assert training.ui.problemsTable.mrmlTableNode() is None
    assert training.panel.runs.run is None
    scene.ReadFromMRB(path)
    ui = training.ui
    assert ui.nameEdit.text == "kept"
    assert (ui.epochsSpinBox.value, ui.batchSizeSpinBox.value) == (3, 2)
    assert ui.deviceComboBox.currentData == "cpu"
    assert Path(ui.manifestEdit.currentPath).name == "manifest.csv"
    assert len(rows_of(ui.problemsTable.mrmlTableNode())) == 2
    assert status(training) == "done"
    node = training.logic.getParameterNode()
    assert node.scoreChart.GetNthPlotSeriesNode(0).GetTableNode() is node.curves


def test_deleted_nodes_are_created_again(training, scene):
    start(training, epochsSpinBox=3)
    wait_until(lambda: status(training) == "done")
    node = training.logic.getParameterNode()
    scene.RemoveNode(node.scoreChart.GetNthPlotSeriesNode(0))
    scene.RemoveNode(node.curves)
    training.ui.curvesButton.click()
    assert node.curves.GetNumberOfRows() == 3
    assert node.scoreChart.GetNumberOfPlotSeriesNodes() == 2
    scene.RemoveNode(node.lossChart)
    training.ui.curvesButton.click()
    assert node.lossChart.GetNumberOfPlotSeriesNodes() == 1


def test_reloading_the_module_during_a_run(training, canned):
    import slicer

    canned(training="long")
    start(training)
    folder = training.panel.runs.run.folder
    slicer.util.reloadScriptedModule(MODULE)
    again = slicer.util.getModuleWidget(MODULE)
    assert again is not training
    again.parent.enter()
    assert again.panel.runs.run.folder == folder
    again.ui.startButton.click()
    wait_until(lambda: status(again) == "stopped")


def test_the_log_is_shown_when_expanded(training):
    start(training, epochsSpinBox=3)
    wait_until(lambda: status(training) == "done")
    assert training.ui.logText.plainText == ""
    training.ui.logGroup.checked = True
    assert "epoch 3" in training.ui.logText.plainText


def test_no_two_visible_controls_share_a_key(training):
    import qt

    training.ui.modelSection.collapsed = False
    texts = [w.text for kind in (qt.QLabel, qt.QPushButton) for w in training.parent.findChildren(kind) if w.visible]
    keys = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert len(keys) > 15
    assert sorted(keys) == sorted(set(keys))


def test_a_path_can_be_typed_and_cleared(training, tmp_path):
    ui, parameters = training.ui, training.logic.getParameterNode()
    (tmp_path / "mine.yaml").write_text("{}")
    for typed in ("m", "mine.y", "mine.yaml"):
        ui.configurationEdit.currentPath = str(tmp_path / typed)
        ui.epochsSpinBox.value += 1  # updates the panel
        assert ui.configurationEdit.currentPath == str(tmp_path / typed)
    assert parameters.configuration == str(tmp_path / "mine.yaml")
    assert not ui.presetComboBox.enabled
    ui.configurationEdit.currentPath = ""
    assert parameters.configuration == ""
    assert ui.presetComboBox.enabled
    ui.manifestEdit.currentPath = ""
    assert not ui.startButton.enabled


def test_the_modules_own_test(load_module):
    load_module(MODULE)[0].CraNeXtTrainingTest().runTest()
