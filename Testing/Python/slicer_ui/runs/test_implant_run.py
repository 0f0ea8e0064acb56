"""Runs of CraNeXtImplant: in the background, failing, canceled, and with their scene or nodes deleted.

This does not prove: that Slicer's own Python starts the worker.
"""

import os
import shutil
import sys

import numpy as np
import pytest
from phantoms import head
from slicer_stand_ins.nodes import leftovers, nodes
from slicer_ui.phantom_nodes import add_labelmap, add_model, add_segmentation, run_until, voxels_of

from CraNeXtLib.core.errors import CancelledError, InputError, NoImplantError
from CraNeXtLib.core.runtime import jobs
from CraNeXtLib.geometry.poly_data import poly_data, write_poly_data
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures"]


def test_in_the_background_with_progress(scene, logic, phantom):
    events, ended = [], []
    run = logic.process(
        add_labelmap(phantom.defective), wait=False, progress=lambda *event: events.append(event), ended=ended.append
    )
    assert run.model is None
    assert not run.finished
    run_until(lambda: run.finished, run)
    run.raise_error()
    assert ended == [run]
    assert run.segmentation.GetScene() is scene
    fractions = [fraction for _, fraction in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)
    assert len({stage for stage, _ in events}) >= 3


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        ("bad input", InputError, "The skull is upside down; turn it."),
        ("nothing missing", NoImplantError, "There is no implant to make."),
        ("crash", RuntimeError, "139"),
    ],
)
def test_a_failing_worker_leaves_the_scene_unchanged(scene, logic, phantom, monkeypatch, failure, error, message):
    monkeypatch.setenv("SIMULATED_FAILURE", failure)
    node = add_labelmap(phantom.defective)
    before = nodes(scene)
    with pytest.raises(error, match=message):
        logic.process(node)
    ended = []
    run = logic.process(node, wait=False, ended=ended.append)
    run_until(lambda: ended, run)
    with pytest.raises(error, match=message):
        run.raise_error()
    assert nodes(scene) == before
    assert leftovers() == []


def test_the_message_of_the_real_worker_reaches_the_user(scene, logic):
    node = add_labelmap(head(spacing=(6.0, 6.0, 6.0)).defective)
    before = nodes(scene)
    with pytest.raises(InputError, match=r"There is no model 'sculptor'; choose one of"):
        logic.process(node, model="sculptor")
    assert nodes(scene) == before
    assert leftovers() == []


def test_the_worker_names_nodes_instead_of_its_files(scene, logic):
    """A model in meters, as Blender writes them."""
    import slicer

    node = add_model(head(spacing=(6.0, 6.0, 6.0)).defective, "Bone from Blender")
    slicer.util.arrayFromModelPoints(node)[:] /= 1000
    before = nodes(scene)
    with pytest.raises(
        InputError, match=r"^Bone from Blender states no unit and is 0\.\d+ long, which is no head in mm"
    ):
        logic.process(node)
    assert nodes(scene) == before


def test_a_donor_reaches_the_worker_and_its_share_the_scene(logic, case, phantom, tmp_path, monkeypatch):
    """The canned result gets a map in which all of the surface is the donor's."""
    from CraNeXtLib.slicer_ui.runs import worker_run
    from CraNeXtLib.slicer_ui.scene.result_surfaces import surfaces_of

    shutil.copytree(case("oblique").folder, tmp_path / "with donor")
    surface = surface_of(phantom.implant)
    share = {"donor": np.ones(len(surface.vertices), np.float32)}
    write_poly_data(poly_data(surface, share), tmp_path / "with donor" / "donor_map.vtp")
    monkeypatch.setenv("CANNED_RESULT", str(tmp_path / "with donor"))
    received = {}

    def spy(task, arguments, **options):
        received.update(arguments["settings"], donor_voxels=read_volume(arguments["settings"]["donor"]).voxels)
        return jobs.Job(task, arguments, **options)

    monkeypatch.setattr(worker_run, "Job", spy)
    skull, donor = add_labelmap(phantom.defective), add_labelmap(phantom.complete, "Before")
    run = logic.process(skull, donorNode=donor)
    assert (received["donor_voxels"] != 0).sum() == phantom.complete.voxels.sum()
    node = run.segmentation.GetNodeReference("CraNeXt.DonorMap")
    assert surfaces_of(run.segmentation)["donor_map"] == ("Implant: from the donor", node)
    assert node.GetPolyData().GetPointData().GetScalars().GetName() == "donor"
    assert node.GetDisplayNode().GetScalarRange() == (0, 1)

    monkeypatch.setattr(worker_run, "Job", jobs.Job)
    monkeypatch.setenv("CANNED_RESULT", str(case("oblique").folder))
    again = logic.process(skull, run.segmentation, run.model)  # without a donor
    assert again.segmentation.GetNodeReference("CraNeXt.DonorMap") is None


def test_skull_and_donor_are_of_one_kind(logic, phantom):
    import slicer

    values = np.indices(phantom.complete.shape).sum(axis=0) - 1000  # as varied as those of a CT
    ct = slicer.util.addVolumeFromArray(values.T.astype(np.int16), name="CT")
    with pytest.raises(InputError, match="choose a CT for both, or a segment for both"):
        logic.process(add_labelmap(phantom.defective), donorNode=ct)


def test_canceling_leaves_scene_and_disk_unchanged(scene, logic, phantom, monkeypatch):
    """The worker ends by itself; killing it is disabled here."""
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    monkeypatch.setattr(jobs.Job, "_kill", lambda _job: None)
    node, _ = add_segmentation(phantom.defective)
    before = nodes(scene)
    events, ended = [], []
    run = logic.process(node, wait=False, progress=lambda *event: events.append(event), ended=ended.append)
    run_until(lambda: "Reconstructing" in {stage for stage, _ in events}, run)
    run.cancel()
    run_until(lambda: ended, run)
    with pytest.raises(CancelledError):
        run.raise_error()
    assert nodes(scene) == before
    assert leftovers() == []


def test_canceling_from_the_progress_callback(scene, logic, phantom, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    node = add_labelmap(phantom.defective)
    before = nodes(scene)

    def cancel(stage, _fraction):
        if stage == "Reconstructing":
            raise CancelledError("Enough.")

    with pytest.raises(CancelledError, match=r"Enough\."):
        logic.process(node, progress=cancel)
    assert nodes(scene) == before
    assert leftovers() == []


def test_canceling_a_finished_worker_still_cancels(scene, logic, phantom):
    node = add_labelmap(phantom.defective)
    before = nodes(scene)
    run = logic.process(node, wait=False)
    run._job._process.wait()
    run.cancel()
    run_until(lambda: run.finished, run)
    with pytest.raises(CancelledError):
        run.raise_error()
    assert nodes(scene) == before


def test_closing_the_scene_cancels(scene, logic, phantom, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    ended = []
    run = logic.process(add_labelmap(phantom.defective), wait=False, ended=ended.append)
    scene.Clear(False)
    empty = nodes(scene)
    run_until(lambda: ended, run)
    with pytest.raises(CancelledError):
        run.raise_error()
    assert nodes(scene) == empty
    assert leftovers() == []


def test_nodes_may_be_deleted_meanwhile(scene, logic, phantom):
    import slicer

    node, image = add_segmentation(phantom.defective)
    output = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Output")
    model = scene.AddNewNodeByClass("vtkMRMLModelNode", "Surface")
    run = logic.process(node, output, model, wait=False)
    for deleted in (node, image, output, model):
        scene.RemoveNode(deleted)
    del node, image, output, model, deleted
    run_until(lambda: run.finished, run)
    run.raise_error()
    assert run.segmentation.GetScene() is scene
    assert run.model.GetScene() is scene
    assert slicer.util.arrayFromModelPoints(run.model).size
    np.testing.assert_array_equal(
        voxels_of(run.segmentation, "CraNeXt_CompleteSkull", phantom.complete), phantom.complete.voxels
    )


def test_unusable_input_is_refused_at_once(scene, logic, phantom, monkeypatch):

    monkeypatch.setattr("CraNeXtLib.slicer_ui.runs.worker_run.Job", lambda *_a, **_k: pytest.fail("started a worker"))
    labels = np.where(phantom.complete.voxels, 1 + phantom.implant.voxels, 0)
    two, _image = add_segmentation(phantom.defective, segments=("Brain", "Bone"))
    two.GetSegmentation().AddEmptySegment("Empty", "Nothing here")
    wrong = [
        (None, None, "Choose a segmentation"),
        (scene.AddNewNodeByClass("vtkMRMLModelNode", "Surface"), None, "Surface is empty"),
        (scene.AddNewNodeByClass("vtkMRMLTableNode", "Table"), None, "neither a segmentation nor a mask"),
        (two, None, "Brain, Bone, Nothing here"),
        (two, "Teeth", "no segment 'Teeth'"),
        (two, "Empty", "empty"),
        (add_labelmap(phantom.defective.with_voxels(labels)), None, "several labels"),
        (add_labelmap(phantom.defective.with_voxels(labels * 0)), None, "empty"),
        (scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode"), None, "empty"),
        (scene.AddNewNodeByClass("vtkMRMLSegmentationNode"), None, "none"),
    ]
    before = nodes(scene)
    for node, segment_id, message in wrong:
        with pytest.raises(InputError, match=message):
            logic.process(node, segmentId=segment_id)
    assert nodes(scene) == before
    assert leftovers() == []


def test_another_python_starts_without_slicers_environment_variables(logic, phantom, monkeypatch):
    import qt
    import slicer

    with pytest.raises(InputError, match="There is no Python at /nowhere/python"):
        logic.process(add_labelmap(phantom.defective), python="/nowhere/python")
    assert leftovers() == []

    monkeypatch.setenv("PYTHONHOME", "/of/slicer")  # with it, no Python starts
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    monkeypatch.setattr(slicer.util, "startupEnvironment", lambda: clean)
    from CraNeXtLib.slicer_ui.runs.interpreters import PYTHON_SETTING

    qt.QSettings().setValue(PYTHON_SETTING, sys.executable)
    run = logic.process(add_labelmap(phantom.defective))
    assert run.model is not None
    assert os.environ["PYTHONHOME"] == "/of/slicer"
