"""CraNeXtImplant's panel when the scene, its nodes or the module are closed, deleted or reloaded.

This does not prove: that it runs in Slicer, whose widgets are stand-ins here, nor that the worker computes.
"""

from slicer_stand_ins.events import wait_until
from slicer_stand_ins.nodes import leftovers
from slicer_ui.panel_actions import choose, parameters
from slicer_ui.phantom_nodes import add_labelmap, add_segmentation

from CraNeXtLib.completion import model_library

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]


def test_parameters_are_restored_with_the_scene(made, phantom, scene, tmp_path):
    made.ui.thresholdSlider.value = 320
    choose(made.ui.modelComboBox, "pca_skull")
    choose(made.ui.deviceComboBox, "cpu")
    made.ui.caseEdit.text = "Case 8"
    made.ui.referenceSelector.setCurrentNode(add_segmentation(phantom.implant, "Truth", ("Skull", "Plate"))[0])
    made.ui.referenceSegmentSelector.setCurrentSegmentID("Plate")
    assert scene.WriteToMRB(str(tmp_path / "case.mrb"))
    scene.Clear(False)
    assert made.ui.inputSelector.currentNode() is None
    assert made.ui.modelComboBox.currentData == model_library.DEFAULT_MODEL
    assert made.ui.measuresTable.isHidden()
    assert scene.ReadFromMRB(str(tmp_path / "case.mrb"))
    made.panel.enter()
    assert made.ui.inputSelector.currentNode().GetName() == "Patient"
    assert made.ui.thresholdSlider.value == 320
    assert (made.ui.modelComboBox.currentData, made.ui.deviceComboBox.currentData) == ("pca_skull", "cpu")
    assert made.ui.caseEdit.text == "Case 8"
    assert made.ui.referenceSelector.currentNode().GetName() == "Truth"
    assert made.ui.referenceSegmentSelector.currentSegmentID() == "Plate"
    assert made.ui.measuresTable.rowCount == 10
    result = parameters(made).result
    assert result.GetNodeReference("CraNeXt.Surface").GetName() == "Patient implant"
    from CraNeXtLib.slicer_ui.scene.implant_edits import is_edited, revert

    assert not is_edited(result)
    revert(result)


def test_a_run_continues_while_another_module_is_open(widget, phantom):
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    widget.panel.making.button.click()
    widget.parent.exit()
    wait_until(lambda: not widget.panel.making.busy)
    assert parameters(widget).result is not None
    widget.parent.enter()
    assert widget.ui.measuresTable.rowCount == 10


def test_nodes_may_be_deleted(made, scene, phantom, monkeypatch):
    result = parameters(made).result
    made.ui.editSection.collapsed = False
    for role in ("CraNeXt.Surface", "CraNeXt.Measures", "CraNeXt.Computed", "CraNeXt.Input"):
        scene.RemoveNode(result.GetNodeReference(role))
    made.panel.binding.update()
    made.ui.showButton.click()
    made.ui.revertButton.click()
    assert "was deleted. Press “Make implant” again." in made.panel.editing.measuring.message.text
    scene.RemoveNode(result)
    made.panel.binding.update()
    assert made.ui.measuresTable.isHidden()
    assert made.panel.editing._edited is None

    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    node = add_labelmap(phantom.defective)
    made.ui.inputSelector.setCurrentNode(node)
    made.panel.making.button.click()
    scene.RemoveNode(node)
    made.panel.making.button.click()
    wait_until(lambda: not made.panel.making.busy)
    assert made.panel.making.message.text.startswith("Canceled")


def test_reloading_the_module_during_a_run(widget, phantom, monkeypatch):
    import slicer

    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    widget.panel.making.button.click()
    run = widget.panel.making._run
    widget.cleanup()
    wait_until(lambda: run.finished)
    assert leftovers() == []
    for _ in range(2):
        slicer.util.reloadScriptedModule("CraNeXtImplant")
    again = slicer.modules.cranextimplant.widgetRepresentation().self()
    assert again is not widget
    assert again.ui.inputSelector.currentNode().GetName() == "Patient"
