"""CraNeXtImplant's panel as a person uses it, from the skull to the exported folder, and what goes wrong on the way.

This does not prove: that it runs or looks well in Slicer, whose widgets are stand-ins here; what the Segment Editor
does, which here does nothing by itself; nor, except in the last test, that the worker computes.
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from phantoms import head
from slicer_nodes import add_labelmap, add_segmentation, leftovers, nodes

from CraNeXtLib import models
from CraNeXtLib.volume_files import read_volume, write_volume

pytest_plugins = ["slicer_cases", "slicer_harness"]

UI = Path(__file__).parents[2] / "CraNeXtImplant" / "Resources" / "UI" / "CraNeXtImplant.ui"


def wait_while(busy, seconds=300):
    import slicer

    end = time.monotonic() + seconds
    while busy():
        assert time.monotonic() < end
        slicer.app.processEvents()
        time.sleep(0.01)
    slicer.app.processEvents()


@pytest.fixture
def widget(panel, phantom):  # noqa: ARG001 (the worker answers with the phantom's implant)
    return panel("CraNeXtImplant")


@pytest.fixture
def made(widget, phantom):
    """The panel after an implant was made of a labelmap."""
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    press(widget.panel.making)
    return widget


@pytest.fixture(scope="session")
def evaluated(case, tmp_path_factory):
    """The folder of what the worker writes when it compares the phantom's implant with one that is moved a voxel."""
    from CraNeXtLib import evaluation

    phantom, folder = case("oblique").head, tmp_path_factory.mktemp("evaluated")
    moved = phantom.implant.with_voxels(np.roll(phantom.implant.voxels, 1, 0) & ~phantom.defective.voxels)
    volumes = {"implant": phantom.implant, "reference": moved, "skull": phantom.defective}
    place = {"percent": {"Temporal": 75.0, "Upper Frontal": 25.0, "Undefined": 0.0}, "side": "left"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "place_of", lambda *_volumes: place)  # slow, and the tour does it
        for name, volume in volumes.items():
            write_volume(volume, folder / f"{name}.nrrd")
        evaluation.evaluate_files(
            *(folder / f"{name}.nrrd" for name in volumes), folder / "result", progress=lambda *_event: None
        )
    return folder / "result"


@pytest.fixture
def really(monkeypatch):
    """Let the real worker work again."""
    from CraNeXtLib import jobs

    return lambda: monkeypatch.setattr(jobs, "WORKER", Path(jobs.__file__).with_name("worker.py"))


def press(run_panel):
    run_panel.button.click()
    wait_while(lambda: run_panel.busy)


def choose(box, value):
    """Choose an entry of a combo box as a user does."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex)


def cells(grid):
    return [[grid.item(row, column).text() for column in range(grid.columnCount)] for row in range(grid.rowCount)]


def parameters(widget):
    return widget.logic.getParameterNode()


def set_implant(result, mask):
    import slicer

    from CraNeXtLib.slicer_ui.implant_nodes import IMPLANT
    from CraNeXtLib.slicer_ui.scene_volumes import oriented_image

    logic = slicer.vtkSlicerSegmentationsModuleLogic
    logic.SetBinaryLabelmapToSegment(oriented_image(mask), result, IMPLANT, logic.MODE_REPLACE)


def test_nothing_can_be_done_before_a_skull_is_chosen(widget):
    panel = widget.panel
    assert panel.making.stage_label.text == "Choose a skull first, or try it with a sample."
    for run in (panel.making, panel.editing.measuring, panel.evaluating.comparing, panel.exporting.exporting):
        assert not run.button.enabled
        assert run.button.toolTip == run.stage_label.text
    assert widget.ui.measuresTable.isHidden()
    assert not widget.ui.revertButton.enabled


def test_from_the_skull_to_the_result(widget, phantom):
    node, image = add_segmentation(phantom.defective, segments=("Brain", "Bone"))
    widget.ui.inputSelector.setCurrentNode(node)
    assert not widget.ui.segmentSelector.isHidden()
    widget.ui.segmentSelector.setCurrentSegmentID("Bone")
    assert parameters(widget).segmentId == "Bone"
    widget.panel.making.button.click()
    assert widget.panel.making.button.text == "&Cancel"
    wait_while(lambda: widget.panel.making.busy)

    result = parameters(widget).result
    assert result.GetName() == "Patient reconstruction"
    assert widget.ui.resultSelector.currentNode() is result
    rows = {name: (value, unit) for name, value, unit in cells(widget.ui.measuresTable)}
    volume = phantom.implant.voxels.sum() * phantom.implant.voxel_volume_mm3 / 1000
    assert rows["Volume"] == (f"{volume:.1f}", "mL")
    assert rows["Surface"] == ("watertight", "")
    assert rows["Made by"] == ("the truth", "")
    assert widget.ui.defectsTable.rowCount == 1
    assert not node.GetDisplayVisibility()  # the result lies in its place
    assert result.GetDisplayVisibility()
    assert result.GetNodeReference("CraNeXt.Input") is node
    assert result.GetNodeReferenceID(result.GetReferenceImageGeometryReferenceRole()) == image.GetID()
    assert leftovers() == []


def test_a_segmentation_with_one_segment_needs_no_choice(widget, phantom):
    node, _ = add_segmentation(phantom.defective)
    widget.ui.inputSelector.setCurrentNode(node)
    assert widget.ui.segmentSelector.isHidden()
    assert widget.ui.thresholdSlider.isHidden()
    press(widget.panel.making)
    assert parameters(widget).result is not None


@pytest.mark.usefixtures("main_window")
def test_the_views_turn_to_the_defect(widget, phantom, scene):
    import slicer

    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode")
    camera.SetLayoutName(scene.GetFirstNodeByClass("vtkMRMLViewNode").GetLayoutName())
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    press(widget.panel.making)
    assert slicer.app.layoutManager().layout == slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
    middle = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels)).mean(axis=0)
    for name, axis in {"Red": 2, "Yellow": 0, "Green": 1}.items():
        to_ras = slicer.app.layoutManager().sliceWidget(name).mrmlSliceNode().GetSliceToRAS()
        assert abs(to_ras.GetElement(axis, 3) - middle[axis]) < 12
    way, outward = np.array(camera.GetPosition()) - camera.GetFocalPoint(), middle
    assert way @ outward > 0.9 * np.linalg.norm(way) * np.linalg.norm(outward)
    segment = parameters(widget).result.GetSegmentation().GetSegment("CraNeXt_DefectiveSkull")
    assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() > 1000


@pytest.mark.usefixtures("main_window")
def test_a_ct_gets_a_threshold_that_is_seen_in_the_slices(widget, phantom, scene):
    import slicer

    hu = np.where(phantom.defective.voxels, 900, -80).astype(np.int16)
    ct = slicer.util.addVolumeFromArray(hu.T, ijkToRAS=phantom.defective.affine, name="CT")
    slices = (slicer.app.layoutManager().sliceWidget(name) for name in ("Red", "Green", "Yellow"))
    composites = [widget.mrmlSliceCompositeNode() for widget in slices]
    before = nodes(scene)
    widget.ui.inputSelector.setCurrentNode(ct)
    assert not widget.ui.thresholdSlider.isHidden()
    for composite in composites:
        preview = scene.GetNodeByID(composite.GetForegroundVolumeID())
        assert preview.GetImageData() is ct.GetImageData()  # no copy
        assert composite.GetForegroundOpacity() > 0
    widget.ui.thresholdSlider.value = 400
    assert preview.GetDisplayNode().GetLowerThreshold() == 400
    assert preview.GetDisplayNode().GetApplyThreshold()
    assert not preview.GetSaveWithScene()
    widget.ui.previewCheckBox.click()
    assert [composite.GetForegroundVolumeID() for composite in composites] == [None] * len(composites)
    assert [node for node in nodes(scene) if node not in before] == []
    widget.ui.previewCheckBox.click()
    widget.parent.exit()  # another module: its slices are its own
    assert not any(composite.GetForegroundVolumeID() for composite in composites)
    widget.parent.enter()
    press(widget.panel.making)
    result = parameters(widget).result
    assert result is not None
    assert not parameters(widget).showBone  # it would cover the result
    from CraNeXtLib.slicer_ui.scene_volumes import mask_of

    skull = mask_of(result, "CraNeXt_DefectiveSkull")
    np.testing.assert_array_equal(skull.voxels, phantom.defective.voxels)


def test_the_worker_is_told_what_was_chosen(widget, phantom, monkeypatch):
    import slicer

    told = {}

    class Job:
        def __init__(self, task, arguments, **_options):
            told.update(arguments, task=task)
            told["ct"] = read_volume(arguments["skull"]).voxels
            raise ValueError("enough")

    monkeypatch.setattr("CraNeXtLib.slicer_ui.implant_run.Job", Job)
    hu = np.where(phantom.defective.voxels, 900, -80).astype(np.int16)
    widget.ui.inputSelector.setCurrentNode(slicer.util.addVolumeFromArray(hu.T, ijkToRAS=phantom.defective.affine))
    widget.ui.thresholdSlider.value = 310
    choose(widget.ui.modelComboBox, "cranext")
    choose(widget.ui.deviceComboBox, "cpu")
    choose(widget.ui.postprocessingComboBox, "official")
    widget.panel.making.button.click()
    assert widget.panel.making.message.text == "enough"
    assert told["settings"] == {
        "device": "cpu",
        "postprocessing": "official",
        "model": "cranext",
        "bone_threshold_hu": 310.0,
        "ct": True,
        "report": False,
        "finishing": None,
    }
    np.testing.assert_array_equal(told["ct"], hu)


def test_the_threshold_begins_where_the_library_does(widget):
    from CraNeXtLib.ct.bone import BONE_THRESHOLD_HU, THRESHOLD_RANGE_HU

    assert parameters(widget).boneThreshold == BONE_THRESHOLD_HU
    assert (widget.ui.thresholdSlider.minimum, widget.ui.thresholdSlider.maximum) == THRESHOLD_RANGE_HU


def test_earlier_results_stay_and_one_is_shown(made, scene):
    first = parameters(made).result
    press(made.panel.making)
    second = parameters(made).result
    assert first.GetScene() is scene
    assert second is not first
    assert (first.GetDisplayVisibility(), second.GetDisplayVisibility()) == (0, 1)
    made.ui.resultSelector.setCurrentNode(first)
    assert (first.GetDisplayVisibility(), second.GetDisplayVisibility()) == (1, 0)
    surfaces = [result.GetNodeReference("CraNeXt.Surface") for result in (first, second)]
    assert [surface.GetDisplayVisibility() for surface in surfaces] == [1, 0]


def test_only_results_can_be_chosen_as_result(made, phantom):
    other, _ = add_segmentation(phantom.defective)
    made.ui.resultSelector.setCurrentNode(other)
    assert parameters(made).result is not other
    assert made.ui.resultSelector.nodeCount() == 1


def test_the_complete_skull_instead_of_the_parts(made):
    display = parameters(made).result.GetDisplayNode()

    def shown():
        return [bool(display.GetSegmentVisibility(f"CraNeXt_{name}")) for name in ("DefectiveSkull", "CompleteSkull")]

    assert shown() == [True, False]
    made.ui.showCompleteCheckBox.click()
    assert shown() == [False, True]
    made.ui.showCompleteCheckBox.click()
    assert shown() == [True, False]


def test_warnings_stand_beside_the_measures(made):
    result = parameters(made).result
    description = json.loads(result.GetAttribute("CraNeXt.Result")) | {"warnings": ["Two models disagree; look well."]}
    result.SetAttribute("CraNeXt.Result", json.dumps(description))
    made.panel.binding.update()
    message = made.panel.results._message
    assert message.text == "Two models disagree; look well."
    assert not message.widget.isHidden()


def test_editing_measuring_again_and_going_back(made, phantom, really):
    import slicer

    result = parameters(made).result
    made.ui.editSection.collapsed = False
    editor = made.panel.editing._editor
    assert editor.segmentationNode() is result
    assert editor.currentSegmentID() == "CraNeXt_Implant"
    mask_mode = editor.mrmlSegmentEditorNode().GetMaskMode()
    assert mask_mode == slicer.vtkMRMLSegmentationNode.EditAllowedOutsideVisibleSegments
    surface = result.GetNodeReference("CraNeXt.Surface")
    assert not surface.GetDisplayVisibility()  # it is not what is being edited
    assert result.GetDisplayNode().GetSegmentVisibility3D("CraNeXt_Implant")

    edited = phantom.implant.voxels.copy()
    edited[:, :, np.argwhere(edited)[:, 2].max() - 2 :] = False
    set_implant(result, phantom.implant.with_voxels(edited))
    really()
    press(made.panel.editing.measuring)
    rows = {name: value for name, value, _unit in cells(made.ui.measuresTable)}
    assert rows["Volume"] == f"{edited.sum() * phantom.implant.voxel_volume_mm3 / 1000:.1f}"
    assert rows["Made by"] == "the truth, then edited by hand"
    points = slicer.util.arrayFromModelPoints(result.GetNodeReference("CraNeXt.Surface"))
    assert points[:, 2].max() < phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))[:, 2].max() + 3

    made.ui.revertButton.click()
    assert made.panel.editing.measuring.message.text.startswith("The implant is as the model made it")
    from CraNeXtLib.slicer_ui.implant_edits import is_edited

    assert not is_edited(result)
    press(made.panel.editing.measuring)
    rows = {name: value for name, value, _unit in cells(made.ui.measuresTable)}
    assert rows["Made by"] == "the truth"
    editor.undo()
    assert is_edited(result)

    made.ui.editSection.collapsed = True
    assert editor.segmentationNode() is None
    assert surface.GetDisplayVisibility()


def test_an_implant_edited_away_is_told(made, phantom, really):
    set_implant(parameters(made).result, phantom.defective)
    really()
    press(made.panel.editing.measuring)
    assert "Nothing is left of the implant outside the skull" in made.panel.editing.measuring.message.text
    parameters(made).result.GetSegmentation().RemoveSegment("CraNeXt_Implant")
    made.panel.binding.update()
    assert not made.panel.editing.measuring.button.enabled


def test_evaluating_going_to_places_and_painting(made, phantom, evaluated, monkeypatch):
    monkeypatch.setenv("FAKE_RESULT", str(evaluated))
    made.ui.evaluateSection.collapsed = False
    assert made.panel.evaluating.comparing.stage_label.text == "Choose the implant that should have been made."
    made.ui.referenceSelector.setCurrentNode(add_labelmap(phantom.implant, "Truth"))
    press(made.panel.evaluating.comparing)
    assert made.panel.evaluating.comparing.message.text == ""
    metrics = {name: value for name, value, _unit in cells(made.ui.metricsTable)}
    assert 0.6 < float(metrics["Dice coefficient, DSC"]) < 0.95
    assert cells(made.ui.regionsTable) == [["Temporal", "75 %"], ["Upper Frontal", "25 %"]]
    checklist = cells(made.ui.checklistTable)
    assert [row[3] for row in checklist].count("yes") >= 2

    result = parameters(made).result
    table = result.GetNodeReference("CraNeXt.Evaluation")
    surface = result.GetNodeReference("CraNeXt.Surface")
    painted, rim = (table.GetNodeReference(name) for name in ("distance_map", "rim_map"))
    shown = [("distance_map", [1, 0, 0]), ("rim_map", [0, 1, 0]), ("implant", [0, 0, 1])]
    assert made.ui.surfaceComboBox.currentData == "distance_map"
    for name, visible in shown:
        choose(made.ui.surfaceComboBox, name)
        assert [node.GetDisplayVisibility() for node in (painted, rim, surface)] == visible

    criteria = json.loads(table.GetAttribute("CraNeXt.Evaluation"))["checklist"]["criteria"]
    row, place = next((i, c["place_ras_mm"]) for i, c in enumerate(criteria) if c["place_ras_mm"])
    asked = []
    made.panel.evaluating._checklist._go_to = asked.append
    made.ui.checklistTable.selectRow(row)
    assert asked == [place]


def test_finishing_makes_a_part_and_checks_its_fit(made, phantom, really):
    made.ui.finishSection.collapsed = False
    made.ui.clearanceSpinBox.value = 1.0
    choose(made.ui.insertionComboBox, "none")
    choose(made.ui.materialComboBox, "titanium")
    assert made.ui.fitTable.isHidden()
    really()
    press(made.panel.finishing.finishing)
    assert made.panel.finishing.finishing.message.text == ""
    result = parameters(made).result
    part = result.GetNodeReference("CraNeXt.Part")
    assert made.ui.surfaceComboBox.currentData == "part"
    assert (part.GetDisplayVisibility(), result.GetNodeReference("CraNeXt.Surface").GetDisplayVisibility()) == (1, 0)
    assert "titanium" in made.ui.fitTitle.text
    assert cells(made.ui.fitTable)[0][0] == "Rim within tolerance"
    choose(made.ui.surfaceComboBox, "thickness_mm")
    assert part.GetNodeReference("thickness_mm").GetDisplayVisibility()
    settings = json.loads(result.GetAttribute("CraNeXt.Result"))["finishing"]["settings"]
    assert (settings["clearance_mm"], settings["insertion"]) == (1.0, "none")

    set_implant(result, phantom.implant)
    press(made.panel.editing.measuring)  # the part was of the implant as it was
    assert result.GetNodeReference("CraNeXt.Part") is None
    assert made.ui.fitTable.isHidden()
    assert made.ui.surfaceComboBox.currentData == "implant"


def test_finishing_begins_with_the_librarys_settings(widget):
    from dataclasses import asdict

    from CraNeXtLib.finishing import FinishSettings
    from CraNeXtLib.finishing.settings import _RANGES
    from CraNeXtLib.fit_check.materials import DEFAULT_MATERIAL

    settings = widget.panel.finishing.settings()
    assert settings == {"finishing": asdict(FinishSettings()), "material": DEFAULT_MATERIAL}
    for name, limits in _RANGES.items():
        parts = name.removesuffix("_mm").split("_")
        box = getattr(widget.ui, parts[0] + "".join(map(str.capitalize, parts[1:])) + "SpinBox")
        assert (box.minimum, box.maximum) == limits, name


def test_the_panel_needs_no_package_that_only_the_worker_has():
    """Slicer brings NumPy, SciPy and VTK; the rest is installed when it is first needed."""
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import slicer_harness\n"
        "slicer_harness.boot()\n"
        "only = 'torch monai ants nrrd nibabel skimage trimesh safetensors matplotlib PIL'.split()\n"
        "class Worker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name.split('.')[0] not in only, name\n"
        "sys.meta_path.insert(0, Worker())\n"
        "import CraNeXtLib.slicer_ui.implant_panel.panel\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=UI.parents[3], capture_output=True)


def test_a_reference_of_another_geometry_is_refused(made):
    made.ui.referenceSelector.setCurrentNode(add_labelmap(head(spacing=(4.0, 4.0, 4.0)).implant))
    made.panel.evaluating.comparing.button.click()
    assert not made.panel.evaluating.comparing.busy
    assert "resample them onto one grid" in made.panel.evaluating.comparing.message.text


def test_export_writes_one_folder(made, phantom, really, tmp_path, monkeypatch):
    import slicer

    monkeypatch.setattr(slicer.util, "saveScene", lambda path: bool(slicer.mrmlScene.WriteToMRB(path)) or True)
    made.ui.exportSection.collapsed = False
    exporting = made.panel.exporting.exporting
    assert exporting.stage_label.text == "Choose a folder."
    made.ui.folderEdit.currentPath = str(tmp_path / "Exporte äö")
    made.ui.caseEdit.text = "Case 7/left"
    really()
    press(exporting)
    out = tmp_path / "Exporte äö" / "Case 7_left"
    assert exporting.message.text == f"Everything is in {out}."
    files = {path.name for path in out.iterdir()}
    assert files > {"implant.nrrd", "implant.stl", "implant.3mf", "complete_skull.nrrd", "report.html", "scene.mrb"}
    assert "finished_implant.stl" in files
    assert not [name for name in files if name.startswith(".")]  # nothing unfinished
    np.testing.assert_array_equal(read_volume(out / "implant.nrrd").voxels != 0, phantom.implant.voxels)
    np.testing.assert_allclose(read_volume(out / "implant.nrrd").affine, phantom.implant.affine, atol=1e-6)
    description = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert (description["edited"], description["input"]["node"]) == (False, "Patient")
    assert description["case_id"] == "Case 7/left"
    assert "Case 7/left" in (out / "report.html").read_text(encoding="utf-8")
    assert "Patient" not in (out / "report.html").read_text(encoding="utf-8")

    exporting.button.click()  # the same case again
    assert exporting.busy
    exporting.button.click()
    wait_while(lambda: exporting.busy)
    (out / "result.json").write_text("{}")
    exporting.button.click()
    assert "holds files of something else; choose another case name" in exporting.message.text


def test_export_where_the_disk_refuses(made, really, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    made.ui.folderEdit.currentPath = str(blocked)
    really()
    press(made.panel.exporting.exporting)
    assert "choose another folder" in made.panel.exporting.exporting.message.text


def test_parameters_come_back_with_the_scene(made, scene, tmp_path):
    made.ui.thresholdSlider.value = 320
    choose(made.ui.modelComboBox, "cranext")
    choose(made.ui.deviceComboBox, "cpu")
    made.ui.caseEdit.text = "Case 8"
    assert scene.WriteToMRB(str(tmp_path / "case.mrb"))
    scene.Clear(False)
    assert made.ui.inputSelector.currentNode() is None
    assert made.ui.modelComboBox.currentData == models.DEFAULT_MODEL
    assert made.ui.measuresTable.isHidden()
    assert scene.ReadFromMRB(str(tmp_path / "case.mrb"))
    made.panel.enter()
    assert made.ui.inputSelector.currentNode().GetName() == "Patient"
    assert made.ui.thresholdSlider.value == 320
    assert (made.ui.modelComboBox.currentData, made.ui.deviceComboBox.currentData) == ("cranext", "cpu")
    assert made.ui.caseEdit.text == "Case 8"
    assert made.ui.measuresTable.rowCount == 8
    result = parameters(made).result
    assert result.GetNodeReference("CraNeXt.Surface").GetName() == "Patient implant"
    from CraNeXtLib.slicer_ui.implant_edits import is_edited, revert

    assert not is_edited(result)
    revert(result)


def test_closing_the_scene_in_the_middle(widget, phantom, scene, monkeypatch):
    monkeypatch.setenv("FAKE_TROUBLE", "hang")
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    widget.panel.making.button.click()
    scene.Clear(False)
    assert widget.ui.inputSelector.currentNode() is None
    wait_while(lambda: widget.panel.making.busy)
    assert widget.panel.making.message.text.startswith("Cancelled")
    assert leftovers() == []
    monkeypatch.delenv("FAKE_TROUBLE")
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    press(widget.panel.making)
    assert parameters(widget).result is not None


def test_the_run_goes_on_while_another_module_is_open(widget, phantom):
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    widget.panel.making.button.click()
    widget.parent.exit()
    wait_while(lambda: widget.panel.making.busy)
    assert parameters(widget).result is not None
    widget.parent.enter()
    assert widget.ui.measuresTable.rowCount == 8


def test_deleting_nodes_does_no_harm(made, scene, phantom, monkeypatch):
    result = parameters(made).result
    made.ui.editSection.collapsed = False
    for role in ("CraNeXt.Surface", "CraNeXt.Measures", "CraNeXt.Computed", "CraNeXt.Input"):
        scene.RemoveNode(result.GetNodeReference(role))
    made.panel.binding.update()
    made.ui.showButton.click()
    made.ui.revertButton.click()
    assert "was deleted; make the implant again" in made.panel.editing.measuring.message.text
    scene.RemoveNode(result)
    made.panel.binding.update()
    assert made.ui.measuresTable.isHidden()
    assert made.panel.editing._edited is None

    monkeypatch.setenv("FAKE_TROUBLE", "hang")
    node = add_labelmap(phantom.defective)
    made.ui.inputSelector.setCurrentNode(node)
    made.panel.making.button.click()
    scene.RemoveNode(node)
    made.panel.making.button.click()
    wait_while(lambda: made.panel.making.busy)
    assert made.panel.making.message.text.startswith("Cancelled")


def test_the_input_is_deleted_while_its_implant_is_made(widget, scene, phantom):
    node = add_labelmap(phantom.defective)
    widget.ui.inputSelector.setCurrentNode(node)
    widget.panel.making.button.click()
    scene.RemoveNode(node)
    wait_while(lambda: widget.panel.making.busy)
    assert parameters(widget).result is not None
    assert widget.panel.making.message.text == ""


def test_two_runs_at_once_are_refused_in_words(made, monkeypatch):
    monkeypatch.setenv("FAKE_TROUBLE", "hang")
    made.panel.making.button.click()
    made.panel.editing.measuring.button.click()
    assert made.panel.editing.measuring.message.text.startswith("CraNeXt is still making an implant")
    made.panel.making.button.click()
    wait_while(lambda: made.panel.making.busy)


def test_reload_in_the_middle_of_a_run(widget, phantom, monkeypatch):
    import slicer

    monkeypatch.setenv("FAKE_TROUBLE", "hang")
    widget.ui.inputSelector.setCurrentNode(add_labelmap(phantom.defective))
    widget.panel.making.button.click()
    run = widget.panel.making._run
    widget.cleanup()
    wait_while(lambda: not run.finished)
    assert leftovers() == []
    for _ in range(2):
        slicer.util.reloadScriptedModule("CraNeXtImplant")
    again = slicer.modules.cranextimplant.widgetRepresentation().self()
    assert again is not widget
    assert again.ui.inputSelector.currentNode().GetName() == "Patient"


def test_importing_a_model(widget, tmp_path, monkeypatch, really):
    import qt

    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    really()
    copy = models.export_model("pca_skull", tmp_path)
    description = json.loads((copy / "model.json").read_text(encoding="utf-8")) | {"name": "mine"}
    (copy / "model.json").write_text(json.dumps(description), encoding="utf-8")
    importing = widget.panel.models.importing
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *_arguments: "")
    press(importing)
    assert importing.message.text == ""
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *_arguments: str(copy / "model.json"))
    press(importing)
    assert importing.message.text == ""
    assert widget.ui.modelComboBox.currentData == parameters(widget).model == "mine"
    press(importing)
    assert "There is a model 'mine' already" in importing.message.text
    models.delete_model("mine")
    widget.panel.models.fill_models()
    widget.panel.binding.update()
    assert widget.ui.modelComboBox.currentData == models.DEFAULT_MODEL


def test_every_control_has_a_tool_tip_and_keys_are_not_taken_twice(widget):
    import qt

    interesting = (qt.QAbstractButton, qt.QComboBox, qt.QLineEdit, qt.QTableWidget, qt.QSlider)
    silent = {
        child.name or child.text
        for child in widget.parent.findChildren(qt.QWidget)
        if isinstance(child, interesting) and not child.toolTip and not _within(child, "Editor", "ctk", "qMRML")
    }
    assert silent == set()
    texts = [child.text for child in widget.parent.findChildren(qt.QWidget) if isinstance(child, qt.QAbstractButton)]
    texts += [child.text for child in widget.parent.findChildren(qt.QLabel)]
    keys = [key.lower() for text in texts for key in re.findall(r"&(\w)", text)]
    assert sorted(keys) == sorted(set(keys))
    assert not {"f", "e", "v", "h"} & set(keys)  # Slicer's menus


def _within(child, *kinds):
    """Tell whether a widget is a part of one that Slicer provides."""
    parent = child.parentWidget()
    while parent is not None:
        if any(kind in type(parent).__name__ for kind in kinds) and "Collapsible" not in type(parent).__name__:
            return True
        if parent.name == "CraNeXtImplant":
            return False
        parent = parent.parentWidget()
    return True


def test_the_ui_file_names_parameters_that_exist_and_gives_selectors_the_scene(widget):
    text = UI.read_text(encoding="utf-8")
    named = re.findall(r'name="SlicerParameterName".*?<string[^>]*>(\w+)</string>', text, re.DOTALL)
    known = set(type(parameters(widget)).__annotations__)
    assert named
    assert set(named) <= known
    selectors = re.findall(r'<widget class="(?:qMRMLNodeComboBox|qMRMLSegmentSelectorWidget)" name="(\w+)"', text)
    assert sorted(re.findall(r"<receiver>(\w+)</receiver>", text)) == sorted(selectors)


def test_sample_data_is_registered_with_checksums(load_module, monkeypatch, scene):
    from types import ModuleType, SimpleNamespace

    registered = {}
    logic = SimpleNamespace(registerCustomSampleDataSource=lambda **source: registered.update(source))
    module = ModuleType("SampleData")
    module.SampleDataLogic = logic
    monkeypatch.setitem(sys.modules, "SampleData", module)
    import slicer

    load_module("CraNeXtImplant")
    ((signal, slot),) = slicer.app.connected
    assert signal == "startupCompleted()"
    slot()
    assert all(re.fullmatch(r"SHA256:[0-9a-f]{64}", checksum) for checksum in registered["checksums"])
    assert len(registered["uris"]) == len(registered["fileNames"]) == len(registered["nodeNames"]) == 2
    assert Path(registered["thumbnailFileName"]).is_file()
    registered["customDownloader"](None)
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 2


def test_a_changed_sample_is_not_loaded(load_module, scene, monkeypatch):
    load_module("CraNeXtImplant")
    from CraNeXtLib.errors import InputError
    from CraNeXtLib.slicer_ui import sample_data

    monkeypatch.setattr(models, "sha256_of", lambda _path: "0" * 64)
    with pytest.raises(InputError, match="missing or changed"):
        sample_data.load_sample()
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


@pytest.mark.usefixtures("main_window")
def test_the_tour_with_the_real_worker(panel):
    """From one click: the bundled skull, its implant, and the comparison with the bone that was cut out."""
    widget = panel("CraNeXtImplant")
    fractions = []
    widget.ui.sampleButton.click()
    wait_while(lambda: fractions.append(widget.panel.making.progress_bar.value) or widget.panel.making.busy, 300)
    assert sorted(fractions) == fractions or fractions[-1] >= 900
    assert widget.panel.making.message.text == ""
    wait_while(lambda: widget.panel.evaluating.comparing.busy, 300)
    assert widget.panel.evaluating.comparing.message.text == ""
    metrics = {name: value for name, value, _unit in cells(widget.ui.metricsTable)}
    assert float(metrics["Dice coefficient, DSC"]) > 0.5
    assert not widget.ui.evaluateSection.collapsed
    regions = cells(widget.ui.regionsTable)
    assert sum(float(share.rstrip(" %")) for _name, share in regions) == pytest.approx(100, abs=3)
    assert leftovers() == []
