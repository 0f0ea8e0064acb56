"""CraNeXtImplant's panel, used like a person does, from the skull to the implant.

This does not prove: that it runs or looks well in Slicer, whose widgets are stand-ins here; what the Segment Editor
does, which does nothing here; nor, except in the last test, that the worker computes.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from repository import REPOSITORY, TESTS
from slicer_stand_ins.events import wait_until
from slicer_stand_ins.nodes import leftovers, nodes
from slicer_ui.panel_actions import cells, choose, parameters, press, wait_for
from slicer_ui.phantom_nodes import add_labelmap, add_segmentation

from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.geometry.mesh_formats.mesh_reading import read_mesh
from CraNeXtLib.geometry.poly_data import poly_data
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]

DEMO_DSC = 0.83  # the default model reaches 0.846 on the bundled skull
UI = REPOSITORY / "CraNeXtImplant" / "Resources" / "UI" / "CraNeXtImplant.ui"


def test_every_step_is_disabled_before_a_skull_is_chosen(widget):
    panel = widget.panel
    assert panel.making.stage_label.text == "Choose a skull under “Skull”, or press “Try it with a sample”."
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
    wait_until(lambda: not widget.panel.making.busy)

    result = parameters(widget).result
    assert result.GetName() == "Patient reconstruction"
    assert widget.ui.resultSelector.currentNode() is result
    rows = {name: (value, unit) for name, value, unit in cells(widget.ui.measuresTable)}
    volume = phantom.implant.voxels.sum() * phantom.implant.voxel_volume_mm3 / 1000
    assert rows["Volume"] == (f"{volume:.1f}", "mL")
    assert rows["Surface"] == ("watertight", "")
    assert rows["Made by"] == ("the truth", "")
    assert widget.ui.defectsTable.rowCount == 1
    assert not node.GetDisplayVisibility()  # it coincides with the result
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
def test_the_views_are_pointed_at_the_defect(widget, phantom, scene):
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
def test_a_ct_has_a_threshold_that_is_previewed_in_the_slices(widget, phantom, scene):
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
    widget.parent.exit()  # another module may use the slices
    assert not any(composite.GetForegroundVolumeID() for composite in composites)
    widget.parent.enter()
    press(widget.panel.making)
    result = parameters(widget).result
    assert result is not None
    assert not parameters(widget).showBone  # it would cover the result
    from CraNeXtLib.slicer_ui.scene.node_volumes import mask_of

    skull = mask_of(result, "CraNeXt_DefectiveSkull")
    np.testing.assert_array_equal(skull.voxels, phantom.defective.voxels)


def test_the_worker_receives_the_chosen_settings(widget, phantom, worker):
    import slicer

    def read(asked):
        asked["ct"] = read_volume(asked["skull"]).voxels
        raise ValueError("enough")

    worker.work = read
    hu = np.where(phantom.defective.voxels, 900, -80).astype(np.int16)
    widget.ui.inputSelector.setCurrentNode(slicer.util.addVolumeFromArray(hu.T, ijkToRAS=phantom.defective.affine))
    widget.ui.thresholdSlider.value = 310
    choose(widget.ui.modelComboBox, "pca_skull")
    choose(widget.ui.deviceComboBox, "cpu")
    choose(widget.ui.postprocessingComboBox, "official")
    press(widget.panel.making)
    assert widget.panel.making.message.text == "enough"
    assert worker.asked["settings"] == {
        "device": "cpu",
        "postprocessing": "official",
        "defects": None,
        "preview": False,
        "model": "pca_skull",
        "bone_threshold_hu": 310.0,
        "ct": True,
        "report": False,
        "finishing": None,
    }
    np.testing.assert_array_equal(worker.asked["ct"], hu)
    widget.ui.quickPreviewCheckBox.checked = True
    assert not widget.ui.modelComboBox.enabled
    press(widget.panel.making)
    assert worker.asked["settings"]["preview"]
    assert "model" not in worker.asked["settings"]


def test_the_worker_receives_a_model_as_a_mesh_at_its_place(widget, phantom, worker):
    import slicer

    def read(asked):
        asked["stored"] = read_mesh(Path(asked["skull"]))
        raise ValueError("enough")

    worker.work = read
    mesh = surface_of(phantom.defective)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "Bone")
    node.SetAndObservePolyData(poly_data(mesh))
    widget.ui.inputSelector.setCurrentNode(node)
    press(widget.panel.making)
    assert widget.panel.making.message.text == "enough"
    assert not worker.asked["settings"].get("ct")
    stored = worker.asked["stored"]
    assert stored.frame.space == "LPS"
    ends = np.sort([stored.mesh.vertices.min(axis=0), stored.mesh.vertices.max(axis=0)] * np.array([-1, -1, 1]), axis=0)
    np.testing.assert_allclose(ends, [mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)], atol=1e-4)
    assert stored.mesh.volume_ml == pytest.approx(mesh.volume_ml, rel=1e-4)


def test_the_threshold_has_the_librarys_default_and_range(widget):
    from CraNeXtLib.anatomy.ct.bone_threshold import BONE_THRESHOLD_HU, THRESHOLD_RANGE_HU

    assert parameters(widget).boneThreshold == BONE_THRESHOLD_HU
    assert (widget.ui.thresholdSlider.minimum, widget.ui.thresholdSlider.maximum) == THRESHOLD_RANGE_HU


def test_earlier_results_are_kept_and_one_is_shown(made, scene):
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


def test_warnings_are_shown_with_the_measurements(made):
    result = parameters(made).result
    description = json.loads(result.GetAttribute("CraNeXt.Result")) | {"warnings": ["Two models disagree; look well."]}
    result.SetAttribute("CraNeXt.Result", json.dumps(description))
    made.panel.binding.update()
    message = made.panel.results.message
    assert message.text == "Two models disagree; look well."
    assert not message.widget.isHidden()


def test_the_panel_needs_no_package_that_only_the_worker_has():
    """Slicer ships NumPy, SciPy and VTK; other packages are installed when they are first needed."""
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(TESTS.parent)!r})\n"
        "import slicer_stand_ins.startup\n"
        "slicer_stand_ins.startup.start_application()\n"
        "only = 'torch monai ants nrrd nibabel skimage trimesh safetensors matplotlib PIL'.split()\n"
        "class Worker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        assert name.split('.')[0] not in only, name\n"
        "sys.meta_path.insert(0, Worker())\n"
        "import CraNeXtLib.slicer_ui.implant_panel.panel\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=UI.parents[3], capture_output=True)


def test_importing_a_model(widget, tmp_path, monkeypatch, really):
    import qt

    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    really()
    copy = model_import.export_model("pca_skull", tmp_path)
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
    assert "A model named 'mine' already exists" in importing.message.text
    model_import.delete_model("mine")
    widget.panel.models.fill_models()
    widget.panel.binding.update()
    assert widget.ui.modelComboBox.currentData == model_library.DEFAULT_MODEL


def test_the_note_on_a_model_gives_its_size_score_and_license(widget):
    for model in (model_library.find(name) for name in ("cranext_refined", "pca_skull")):
        choose(widget.ui.modelComboBox, model.name)
        scores = model.description["scores"].get("validation", model.description["scores"])
        assert widget.ui.modelNote.text == (
            f"{model.weights.stat().st_size / 1e6:.0f} MB · "
            f"DSC {scores['dsc']['mean']:.3f} on {scores['n']} validation skulls · {model.description['licence']}"
        )


def test_no_key_is_used_twice(widget):
    import qt

    texts = [child.text for child in widget.parent.findChildren(qt.QWidget) if isinstance(child, qt.QAbstractButton)]
    texts += [child.text for child in widget.parent.findChildren(qt.QLabel)]
    keys = [key.lower() for text in texts for key in re.findall(r"&(\w)", text)]
    assert sorted(keys) == sorted(set(keys))
    assert not {"f", "e", "v", "h"} & set(keys)  # Slicer's menus


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
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.slicer_ui.scene import sample_data

    monkeypatch.setattr(sample_data, "sha256_of", lambda _path: "0" * 64)
    with pytest.raises(InputError, match="missing or was changed"):
        sample_data.load_sample()
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


@pytest.mark.usefixtures("main_window")
def test_the_tour_with_the_real_worker(panel):
    """One click: the bundled skull, its implant, and the comparison with the bone that was cut out."""
    widget = panel("CraNeXtImplant")
    fractions = []
    widget.panel.making.progress_bar.valueChanged.connect(fractions.append)
    widget.ui.sampleButton.click()
    wait_for(widget.panel.making)
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1000)
    assert widget.panel.making.message.text == ""
    wait_for(widget.panel.evaluating.comparing)
    assert widget.panel.evaluating.comparing.message.text == ""
    metrics = {name: value for name, value, _unit in cells(widget.ui.metricsTable)}
    assert float(metrics["Dice coefficient, DSC"]) > DEMO_DSC
    assert not widget.ui.evaluateSection.collapsed
    regions = cells(widget.ui.regionsTable)
    assert sum(float(share.rstrip(" %")) for _name, share in regions) == pytest.approx(100, abs=3)
    assert leftovers() == []


def test_ticks_choose_the_defects_of_the_next_run(made, phantom, monkeypatch):
    import qt

    result = parameters(made).result
    description = json.loads(result.GetAttribute("CraNeXt.Result"))
    (first,) = description["found_defects"]
    second = first | {"number": 2, "side": "left", "volume_ml": 1.25, "doubt": "it is thin", "made": False}
    warning = "Not made: defect 2. Look there, and choose --defects 1,2 to make all."
    described = description | {"found_defects": [first, second], "warnings": [warning]}
    result.SetAttribute("CraNeXt.Result", json.dumps(described))
    made.panel.binding.update()
    table = made.ui.defectsTable
    region = first["main_region"]
    assert cells(table)[1] == [f"2: {region}", "left", "1.2 mL"]
    assert [table.item(row, 0).checkState() for row in (0, 1)] == [qt.Qt.Checked, qt.Qt.Unchecked]
    assert "under “Defects”, tick 1,2 to make all" in made.panel.results.message.text

    asked = []
    monkeypatch.setattr(made.logic, "process", lambda _skull, **settings: asked.append(settings["defects"]))

    skull = parameters(made).inputNode
    assert made.panel.results.chosen_defects(skull) is None
    table.item(1, 0).setCheckState(qt.Qt.Checked)
    assert made.panel.results.chosen_defects(skull) == "1,2"
    assert made.panel.results.chosen_defects(add_labelmap(phantom.defective)) is None  # of another skull
    for row in (0, 1):
        table.item(row, 0).setCheckState(qt.Qt.Unchecked)
    made.panel.making.button.click()
    assert made.panel.making.message.text == "No defect is ticked; tick under “Defects” what to make."
    assert not asked
