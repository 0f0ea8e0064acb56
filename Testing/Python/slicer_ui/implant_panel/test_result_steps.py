"""The steps after an implant is made in CraNeXtImplant's panel: editing, evaluating, finishing, exporting.

This does not prove: that it runs or looks well in Slicer, whose widgets are stand-ins here; what the Segment Editor
does, which does nothing here; nor that implants are good: these are the phantom's true ones.
"""

import json
from pathlib import Path

import numpy as np
from phantoms import head
from slicer_stand_ins.events import wait_until
from slicer_ui.panel_actions import cells, choose, parameters, press, set_implant
from slicer_ui.phantom_nodes import add_labelmap, add_model, add_segmentation

from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.geometry.volume_files import read_volume

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]


def test_editing_measuring_again_and_reverting(made, phantom, really):
    import slicer

    result = parameters(made).result
    made.ui.editSection.collapsed = False
    editor = made.panel.editing._editor
    assert editor.segmentationNode() is result
    assert editor.currentSegmentID() == "CraNeXt_Implant"
    mask_mode = editor.mrmlSegmentEditorNode().GetMaskMode()
    assert mask_mode == slicer.vtkMRMLSegmentationNode.EditAllowedOutsideVisibleSegments
    surface = result.GetNodeReference("CraNeXt.Surface")
    assert not surface.GetDisplayVisibility()  # it does not follow the edits
    assert result.GetDisplayNode().GetSegmentVisibility3D("CraNeXt_Implant")

    edited = phantom.implant.voxels.copy()
    edited[:, :, np.argwhere(edited)[:, 2].max() - 2 :] = False
    set_implant(result, phantom.implant.with_voxels(edited))
    really()
    press(made.panel.editing.measuring)
    rows = {name: value for name, value, _unit in cells(made.ui.measuresTable)}
    assert rows["Volume"] == f"{edited.sum() * phantom.implant.voxel_volume_mm3 / 1000:.1f}"
    assert rows["Made by"] == "the truth, edited by hand"
    points = slicer.util.arrayFromModelPoints(result.GetNodeReference("CraNeXt.Surface"))
    assert points[:, 2].max() < phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))[:, 2].max() + 3

    made.ui.revertButton.click()
    assert made.panel.editing.measuring.message.text.startswith("The model's implant is restored.")
    from CraNeXtLib.slicer_ui.scene.implant_edits import is_edited

    assert not is_edited(result)
    press(made.panel.editing.measuring)
    rows = {name: value for name, value, _unit in cells(made.ui.measuresTable)}
    assert rows["Made by"] == "the truth"
    editor.undo()
    assert is_edited(result)

    made.ui.editSection.collapsed = True
    assert editor.segmentationNode() is None
    assert surface.GetDisplayVisibility()


def test_an_implant_that_was_edited_elsewhere_is_taken_over_and_can_be_reverted(made, phantom, really):
    from CraNeXtLib.slicer_ui.scene.implant_edits import is_edited
    from CraNeXtLib.slicer_ui.scene.node_volumes import mask_of

    made.ui.editSection.collapsed = False
    taking_over = made.panel.editing.taking_over
    assert taking_over.stage_label.text == "Choose a node under “Edited elsewhere”."
    result, voxels = parameters(made).result, phantom.implant.voxels.copy()
    voxels[:, :, np.argwhere(voxels)[:, 2].max() - 2 :] = False
    made.ui.editedSelector.setCurrentNode(add_model(phantom.implant.with_voxels(voxels), "From Blender"))
    really()
    press(taking_over)
    assert taking_over.message.text == ""
    taken = mask_of(result, "CraNeXt_Implant")
    assert taken.has_geometry_of(phantom.implant)
    assert (taken.voxels ^ voxels).sum() < 0.1 * voxels.sum()  # the surface is smooth
    rows = {name: value for name, value, _unit in cells(made.ui.measuresTable)}
    assert rows["Made by"] == "the truth, edited by hand"
    made.ui.revertButton.click()
    assert not is_edited(result)
    made.panel.editing._editor.undo()
    assert is_edited(result)


def test_the_expected_error_is_shown_on_the_implant(made, phantom):
    result = parameters(made).result
    painted = result.GetNodeReference("CraNeXt.ExpectedError")
    surface = result.GetNodeReference("CraNeXt.Surface")
    assert [node.GetDisplayVisibility() for node in (painted, surface)] == [0, 1]
    choose(made.ui.surfaceComboBox, "expected_error")
    assert [node.GetDisplayVisibility() for node in (painted, surface)] == [1, 0]
    assert painted.GetDisplayNode().GetActiveScalarName() == "expected_error_mm"
    low, high = painted.GetDisplayNode().GetScalarRange()
    assert (low, high) == (0, 1)
    points = painted.GetPolyData().GetPoints()
    bounds = [points.GetPoint(0), *(points.GetPoint(i) for i in range(0, points.GetNumberOfPoints(), 50))]
    indices = phantom.implant.to_indices(np.array(bounds))
    box = np.argwhere(phantom.implant.voxels)
    assert (indices > box.min(axis=0) - 1).all()
    assert (indices < box.max(axis=0) + 1).all()
    rows = {name: (value, unit) for name, value, unit in cells(made.ui.measuresTable)}
    assert rows["Expected error, mean and 95%"] == ("1.0, 1.0", "mm")


def test_a_preview_is_neither_finished_nor_exported(made, tmp_path):
    result = parameters(made).result
    made.ui.folderEdit.currentPath = str(tmp_path)
    assert made.panel.finishing.finishing.button.enabled
    assert made.panel.exporting.exporting.button.enabled
    description = json.loads(result.GetAttribute("CraNeXt.Result")) | {"preview": True}
    result.SetAttribute("CraNeXt.Result", json.dumps(description))
    made.panel.binding.update()
    for run in (made.panel.finishing.finishing, made.panel.exporting.exporting):
        assert not run.button.enabled
        assert run.stage_label.text.startswith("A quick preview is for visual inspection only; do not manufacture it.")
    rows = {name: value for name, value, _unit in cells(made.ui.measuresTable)}
    assert rows["Made by"] == "the truth, quick preview"
    assert made.panel.editing.measuring.button.enabled


def test_an_empty_implant_is_reported(made, phantom, really):
    bone = phantom.defective.voxels.copy()
    bone[: bone.shape[0] // 2] = False  # a whole skull would be refused as one
    set_implant(parameters(made).result, phantom.defective.with_voxels(bone))
    really()
    press(made.panel.editing.measuring)
    assert "Nothing is left of the implant outside the skull" in made.panel.editing.measuring.message.text
    parameters(made).result.GetSegmentation().RemoveSegment("CraNeXt_Implant")
    made.panel.binding.update()
    assert not made.panel.editing.measuring.button.enabled


def test_evaluating_going_to_worst_positions_and_showing_maps(made, phantom, evaluated, monkeypatch):
    monkeypatch.setenv("CANNED_RESULT", str(evaluated))
    made.ui.evaluateSection.collapsed = False
    assert made.panel.evaluating.comparing.stage_label.text == "Choose a “Reference implant”."
    made.ui.referenceSelector.setCurrentNode(add_labelmap(phantom.implant, "Truth"))
    press(made.panel.evaluating.comparing)
    assert made.panel.evaluating.comparing.message.text == ""
    metrics = {name: value for name, value, _unit in cells(made.ui.metricsTable)}
    assert 0.6 < float(metrics["Dice coefficient, DSC"]) < 0.95
    assert cells(made.ui.regionsTable) == [["Temporal", "75%"], ["Upper Frontal", "25%"]]
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
    row, position = next((i, c["place_ras_mm"]) for i, c in enumerate(criteria) if c["place_ras_mm"])
    asked = []
    made.panel.evaluating._checklist._go_to = asked.append
    made.ui.checklistTable.selectRow(row)
    assert asked == [position]


def test_a_model_is_compared_at_its_place(made, phantom, worker):
    from CraNeXtLib.cases.evaluation_case import read_evaluation

    def read(asked):
        asked["volumes"] = read_evaluation(*(asked[role] for role in ("implant", "reference", "skull")))[0]
        raise ValueError("enough")

    worker.work = read
    made.ui.referenceSelector.setCurrentNode(add_model(phantom.implant, "Truth"))
    assert made.ui.referenceSegmentSelector.isHidden()
    press(made.panel.evaluating.comparing)
    assert made.panel.evaluating.comparing.message.text == "enough"
    implant, reference, _skull = worker.asked["volumes"]
    assert (implant.voxels ^ reference.voxels).sum() < 0.1 * implant.voxels.sum()


def test_the_chosen_segment_of_the_reference_is_compared(made, phantom, worker):
    """Of several segments none is guessed: the first would be the skull."""
    received = {}

    def read(asked):
        received.update({role: read_volume(asked[role]).voxels for role in ("implant", "reference", "skull")})
        raise ValueError("enough")

    worker.work = read
    made.ui.evaluateSection.collapsed = False
    comparing = made.panel.evaluating.comparing
    made.ui.referenceSelector.setCurrentNode(add_segmentation(phantom.implant, "Truth", ("Skull", "Plate"))[0])
    assert not made.ui.referenceSegmentSelector.isHidden()
    assert (comparing.button.enabled, comparing.stage_label.text) == (False, "Choose a “Segment” of Truth.")
    made.ui.referenceSegmentSelector.setCurrentSegmentID("Plate")
    assert parameters(made).referenceSegmentId == "Plate"
    press(comparing)
    assert comparing.message.text == "enough"
    np.testing.assert_array_equal(received["reference"], phantom.implant.voxels)
    np.testing.assert_array_equal(received["implant"], phantom.implant.voxels)
    np.testing.assert_array_equal(received["skull"], phantom.defective.voxels)


def test_warnings_of_a_result_name_the_controls_for_finishing(made):
    result = parameters(made).result
    description = json.loads(result.GetAttribute("CraNeXt.Result"))
    warnings = ["Segment 2 is empty; choose fewer --segments, or less plate_width_mm.", "Too thin; choose --joint gap."]
    result.SetAttribute("CraNeXt.Result", json.dumps(description | {"warnings": warnings}))
    made.panel.binding.update()
    assert made.panel.results.message.text == (
        "Segment 2 is empty; choose fewer “Segments”, or less “Plate width”.\n"
        "Too thin; choose “Straight walls” under “Joint”."
    )


def test_finishing_makes_a_part_and_checks_its_fit(made, phantom, really):
    made.ui.finishSection.collapsed = False
    made.ui.clearanceSpinBox.value = 1.0
    choose(made.ui.insertionComboBox, "none")
    choose(made.ui.materialComboBox, "titanium")
    made.ui.rimLimitSpinBox.value = 50
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
    thresholds = {
        c["name"]: c["threshold"] for c in json.loads(result.GetAttribute("CraNeXt.Result"))["fit"]["criteria"]
    }
    assert thresholds["rim_within"] == 50

    set_implant(result, phantom.implant)
    press(made.panel.editing.measuring)  # the part is out of date
    assert result.GetNodeReference("CraNeXt.Part") is None
    assert made.ui.fitTable.isHidden()
    assert made.ui.surfaceComboBox.currentData == "implant"


def test_every_setting_has_a_control_with_the_librarys_default_and_range(widget):
    from dataclasses import asdict

    from CraNeXtLib.implant.finishing import FinishSettings
    from CraNeXtLib.implant.finishing import settings as finishing
    from CraNeXtLib.implant.finishing.fixation_settings import COUNTS, SIZES, FixationSettings
    from CraNeXtLib.implant.finishing.segment_settings import JOINT_SIZES, SEGMENT_COUNTS, SegmentSettings
    from CraNeXtLib.implant.fit.fit_limits import FitLimits
    from CraNeXtLib.implant.fit.materials import DEFAULT_MATERIAL
    from CraNeXtLib.implant.mold import settings as molds
    from CraNeXtLib.slicer_ui.runs.finish_settings import FINISHING, FIXATION, SEGMENTS, finish_settings
    from CraNeXtLib.slicer_ui.runs.mold_settings import MOLD, mold_settings

    chosen = parameters(widget)
    limits = asdict(FitLimits())
    del limits["gap_mm"]  # it goes with the clearance
    made = asdict(FinishSettings())
    assert finish_settings(chosen) == {"finishing": made, "material": DEFAULT_MATERIAL, "fit_limits": limits}
    assert FixationSettings(**FIXATION.read(chosen)) == FixationSettings()
    assert mold_settings(chosen) == {"settings": asdict(molds.MoldSettings()), "spring_form": False}
    assert widget.ui.gapLimitSpinBox.text == "Clearance and 1 mm"
    widget.ui.gapLimitSpinBox.value = 0.8
    assert finish_settings(chosen)["fit_limits"] == limits | {"gap_mm": 0.8}
    assert widget.ui.segmentCountSpinBox.text == "In one"
    widget.ui.segmentCountSpinBox.value = 3
    assert finish_settings(chosen)["finishing"]["segments"] == asdict(SegmentSettings(count=3))
    assert widget.ui.segmentCountSpinBox.maximum == SEGMENT_COUNTS[1]
    ranges = (
        (FINISHING, finishing.RANGES),
        (FIXATION, {**COUNTS, **SIZES}),
        (SEGMENTS, JOINT_SIZES),
        (MOLD, molds.RANGES),
    )
    for settings, known in ranges:
        for field, range_ in known.items():
            box = getattr(widget.ui, f"{settings.names[field]}SpinBox")
            assert (box.minimum, box.maximum) == range_, field


def test_plates_and_holes_are_asked_for_and_contradictions_name_the_controls(made):
    finishing = made.panel.finishing.finishing
    made.ui.platesSpinBox.value = 4
    made.ui.sutureHolesSpinBox.value = 6
    choose(made.ui.plateKindComboBox, "pocket")
    asked = made.panel.finishing.settings()["finishing"]["fixation"]
    assert (asked["plates"], asked["plate_kind"], asked["suture_holes"], asked["midline_mm"]) == (4, "pocket", 6, 15)
    made.ui.plateSpacingSpinBox.value = 40
    finishing.button.click()
    assert finishing.message.text == "Give either the number of plates or their spacing, not both."
    made.ui.plateSpacingSpinBox.value = 0
    made.ui.plateLengthSpinBox.value = 12
    finishing.button.click()
    assert "set “Plate length” to " in finishing.message.text


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
    assert exporting.stage_label.text == "Choose a “Folder”."
    made.ui.folderEdit.currentPath = str(tmp_path / "Exporte äö")
    made.ui.caseEdit.text = "Case 7/left"
    made.ui.boneModelSpinBox.value = 20
    made.ui.viewerCheckBox.checked = True
    really()
    press(exporting)
    out = tmp_path / "Exporte äö" / "Case 7_left"
    assert exporting.message.text == f"All files are in {out}."
    files = {path.name for path in out.iterdir()}
    assert files > {"implant.nrrd", "implant.stl", "implant.3mf", "complete_skull.nrrd", "report.html", "scene.mrb"}
    assert {"finished_implant.stl", "expected_error.png", "bone_model.stl", "bone_model.3mf", "viewer.glb"} < files
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Expected error" in report
    assert not [name for name in files if name.startswith(".")]  # no unfinished files
    np.testing.assert_array_equal(read_volume(out / "implant.nrrd").voxels != 0, phantom.implant.voxels)
    np.testing.assert_allclose(read_volume(out / "implant.nrrd").affine, phantom.implant.affine, atol=1e-6)
    description = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert (description["edited"], description["input"]["node"]) == (False, "Patient")
    assert set(description["files"]) == files
    assert description["case_id"] == "Case 7/left"
    assert description["bone_model"]["margin_mm"] == 20
    assert "Case 7/left" in (out / "report.html").read_text(encoding="utf-8")
    assert "Patient" not in (out / "report.html").read_text(encoding="utf-8")

    exporting.button.click()  # the same case once more
    assert exporting.busy
    exporting.button.click()
    wait_until(lambda: not exporting.busy)
    (out / "result.json").write_text("{}")
    exporting.button.click()
    assert "contains files of another case. Choose another “Case name”." in exporting.message.text


def test_an_export_gives_the_ct_for_the_soft_tissue_over_the_part(made, phantom, worker, tmp_path):
    """To the worker that writes the report, as the very file that the skull was found in."""
    import slicer

    hu = np.where(phantom.defective.voxels, 900, -80).astype(np.int16)
    ct = slicer.util.addVolumeFromArray(hu.T, ijkToRAS=phantom.defective.affine, name="CT")
    parameters(made).result.SetNodeReferenceID("CraNeXt.Input", ct.GetID())

    def read(asked):
        asked["hash"], asked["scan"] = sha256_of(Path(asked["ct"])), read_volume(asked["ct"])
        raise ValueError("enough")

    worker.work = read
    made.ui.folderEdit.currentPath = str(tmp_path)
    press(made.panel.exporting.exporting)
    assert made.panel.exporting.exporting.message.text == "enough"
    np.testing.assert_array_equal(worker.asked["scan"].voxels, hu)
    np.testing.assert_allclose(worker.asked["scan"].affine, phantom.defective.affine, atol=1e-9)
    from CraNeXtLib.slicer_ui.scene.worker_files import write_ct

    write_ct(ct, tmp_path / "skull.nrrd")  # as for making the implant
    assert worker.asked["hash"] == sha256_of(tmp_path / "skull.nrrd")
    press(made.panel.finishing.finishing)
    assert "ct" not in worker.asked


def test_a_failed_export_is_reported(made, really, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    made.ui.folderEdit.currentPath = str(blocked)
    really()
    press(made.panel.exporting.exporting)
    assert "choose another folder" in made.panel.exporting.exporting.message.text
