"""The nodes of a result that CraNeXtImplant's logic puts into a real scene: exact geometry, names, and saving.

This does not prove: that Slicer's application loads the module, or that its worker finds the packages. The true
implant replaces the model, except in the last test.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
from phantoms import head
from repository import REPOSITORY
from slicer_stand_ins.nodes import leftovers, nodes, reference_geometry, segment_image, terminology
from slicer_ui.phantom_nodes import GEOMETRIES, SEGMENTS, add_labelmap, add_segmentation, run_test_for_slicer, voxels_of

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import read_volume

pytest_plugins = ["coarse_demo", "slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures"]


@pytest.mark.parametrize("module", ["CraNeXtImplant", "CraNeXtCategorize"])
def test_the_module_loads_without_any_package(module):
    """In a Python without packages, with only the module's folder on the path, and with empty Slicer classes."""
    code = (
        "import sys, types\n"
        "class Slicer(types.ModuleType):\n"
        "    __path__ = []\n"
        "    def __getattr__(self, name):\n"
        "        return type(name, (), {'__init__': lambda self, *_arguments: None})\n"
        "parts = ('ScriptedLoadableModule', 'parameterNodeWrapper', 'util')\n"
        "names = ['slicer', *(f'slicer.{part}' for part in parts)]\n"
        "sys.modules.update({name: Slicer(name) for name in names})\n"
        f"sys.path.append({str(REPOSITORY / module)!r})\n"
        f"import {module}, CraNeXtLib"
    )
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


@pytest.mark.parametrize("kind", ["labelmap", "segmentation"])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_the_result_has_the_geometry_of_the_input(logic, case, answer, geometry, kind):
    import slicer

    phantom = answer(case(geometry))
    node = add_labelmap(phantom.defective) if kind == "labelmap" else add_segmentation(phantom.defective)[0]
    run = logic.process(node)

    affine, shape = reference_geometry(run.segmentation)
    assert shape == phantom.defective.shape
    np.testing.assert_allclose(affine, phantom.defective.affine, rtol=0, atol=1e-6)
    truths = zip(SEGMENTS, (phantom.defective, phantom.complete, phantom.implant), strict=True)
    for segment_id, true in truths:
        affine, extent = segment_image(run.segmentation, segment_id)
        np.testing.assert_allclose(affine, true.affine, rtol=0, atol=1e-6)
        assert min(extent) >= 0
        np.testing.assert_array_equal(voxels_of(run.segmentation, segment_id, true), true.voxels)
        file = SEGMENTS[segment_id].lower().replace(" ", "_") + ".nrrd"
        if file != "defective_skull.nrrd":
            np.testing.assert_array_equal(read_volume(case(geometry).folder / file).voxels, true.voxels)

    points = slicer.util.arrayFromModelPoints(run.model)
    true_points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    np.testing.assert_allclose(points.mean(axis=0), true_points.mean(axis=0), atol=phantom.implant.spacing.max())
    np.testing.assert_allclose(points.min(axis=0), true_points.min(axis=0), atol=phantom.implant.spacing.max())
    assert leftovers() == []


def test_the_worker_receives_the_skull_exactly(logic, phantom, monkeypatch):
    written = {}

    def job(task, arguments, python, environment):
        written.update(
            arguments, task=task, volume=read_volume(arguments["skull"]), python=python, environment=environment
        )
        raise InputError("enough")

    monkeypatch.setattr("CraNeXtLib.slicer_ui.runs.worker_run.Job", job)
    node, _ = add_segmentation(phantom.defective, segments=("Brain", "Bone"))
    with pytest.raises(InputError, match="enough"):
        logic.process(node, segmentId="Bone", device="cuda", postprocessing="official", model="some")
    np.testing.assert_array_equal(written["volume"].voxels, phantom.defective.voxels)
    np.testing.assert_allclose(written["volume"].affine, phantom.defective.affine, rtol=0, atol=1e-9)
    assert (written["task"], written["python"], written["environment"]) == ("reconstruct", sys.executable, None)
    given = {"device": "cuda", "postprocessing": "official", "defects": None, "preview": False, "model": "some"}
    assert written["settings"] == given | {"report": False, "finishing": None}  # in Slicer, both are steps of their own
    assert leftovers() == []


def test_a_segment_that_is_a_surface_only(logic, phantom):
    """For example, an STL file imported as a segmentation; the user's node is unchanged."""
    node, _ = add_segmentation(phantom.defective)
    segmentation = node.GetSegmentation()
    node.CreateClosedSurfaceRepresentation()
    segmentation.SetSourceRepresentationName("Closed surface")
    segmentation.RemoveRepresentation("Binary labelmap")
    with pytest.raises(InputError, match="Patient stores surfaces"):
        logic.process(node, node)
    run = logic.process(node)
    assert not segmentation.ContainsRepresentation("Binary labelmap")
    affine, shape = reference_geometry(run.segmentation)
    assert shape == phantom.defective.shape
    np.testing.assert_allclose(affine, phantom.defective.affine, rtol=0, atol=1e-6)
    voxels = voxels_of(run.segmentation, "CraNeXt_DefectiveSkull", phantom.defective)
    assert 2 * (voxels & phantom.defective.voxels).sum() / (voxels.sum() + phantom.defective.voxels.sum()) > 0.97


def test_a_segmentation_without_reference_image(scene, load_module):
    """For example, one created by a script: its geometry is that of the segment's own, cropped image."""
    load_module("CraNeXtImplant")
    from CraNeXtLib.slicer_ui.scene.node_volumes import mask_of, oriented_image

    mask = head(**GEOMETRIES["anisotropic"]).implant
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.AddSegmentFromBinaryLabelmapRepresentation(oriented_image(mask), "Bone")
    skull = mask_of(node)
    assert skull.voxels.size < mask.voxels.size / 8
    positions, true_positions = (v.to_ras(np.argwhere(v.voxels)) for v in (skull, mask))
    np.testing.assert_allclose(positions, true_positions, rtol=0, atol=1e-6)


def test_segments_have_names_colors_and_terms(logic, phantom):
    run = logic.process(add_labelmap(phantom.defective))
    segmentation = run.segmentation.GetSegmentation()
    assert {i: segmentation.GetSegment(i).GetName() for i in segmentation.GetSegmentIDs()} == SEGMENTS
    skull = ("Anatomical Structure", "Skull")
    terms = [terminology(segmentation.GetSegment(segment_id)) for segment_id in SEGMENTS]
    assert terms == [skull, skull, ("Physical object", "Implant")]
    colors = {tuple(np.round(segmentation.GetSegment(i).GetColor(), 3)) for i in SEGMENTS}
    assert len(colors) == 2
    display = run.segmentation.GetDisplayNode()
    assert [display.GetSegmentVisibility(i) for i in SEGMENTS] == [True, False, True]


def test_the_result_is_placed_beside_the_input(scene, logic, phantom):
    import slicer

    node, image = add_segmentation(phantom.defective)
    hierarchy = scene.GetSubjectHierarchyNode()
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "CT of the head")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), study)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(transform.GetID())

    run = logic.process(node)
    for output in (run.segmentation, run.model):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(output)) == study
        assert output.GetTransformNodeID() == transform.GetID()
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert run.segmentation.GetNodeReference(role) is image


def test_the_result_survives_saving_the_scene(scene, logic, phantom, tmp_path):
    import slicer

    run = logic.process(add_labelmap(phantom.defective, 'Pät "1"; a:b'))
    description, points = run.description, slicer.util.arrayFromModelPoints(run.model).copy()
    assert description["input"]["node"] == 'Pät "1"; a:b'
    assert {"sha256", "orientation"} <= set(description["input"])
    assert {"model", "postprocessing"} <= set(description["parameters"])
    assert {"cranext", "torch"} <= set(description["versions"])
    names = run.segmentation.GetName(), run.model.GetName()
    bundle = str(tmp_path / "case.mrb")
    assert scene.WriteToMRB(bundle)
    scene.Clear(True)
    assert scene.ReadFromMRB(bundle)

    segmentation, model = (scene.GetFirstNodeByName(name) for name in names)
    assert json.loads(segmentation.GetAttribute("CraNeXt.Result")) == description
    assert json.loads(model.GetAttribute("CraNeXt.Result")) == description
    assert model.GetAttribute("CraNeXt.Model") == "the truth"
    for segment_id, true in zip(SEGMENTS, (phantom.defective, phantom.complete, phantom.implant), strict=True):
        np.testing.assert_array_equal(voxels_of(segmentation, segment_id, true), true.voxels)
    np.testing.assert_allclose(slicer.util.arrayFromModelPoints(model), points, atol=1e-3)
    affine, _ = reference_geometry(segmentation)
    np.testing.assert_allclose(affine, phantom.defective.affine, rtol=0, atol=1e-6)


def test_a_second_run_replaces_the_first_and_keeps_the_users_segments(scene, logic, phantom):
    node, _ = add_segmentation(phantom.defective)
    first = logic.process(node, node)
    assert first.segmentation is node
    node.CreateClosedSurfaceRepresentation()
    before = nodes(scene)
    second = logic.process(node, node, first.model, segmentId="Bone")
    assert second.model is first.model
    assert nodes(scene) == before
    assert set(node.GetSegmentation().GetSegmentIDs()) == {"Bone", *SEGMENTS}
    np.testing.assert_array_equal(voxels_of(node, "Bone", phantom.defective), phantom.defective.voxels)
    np.testing.assert_array_equal(voxels_of(node, "CraNeXt_Implant", phantom.implant), phantom.implant.voxels)


@pytest.mark.usefixtures("coarse_demo")
def test_the_test_for_slicer_passes_with_the_real_worker(load_module):
    """From the bundled skull and model to the scene, with stand-ins for the application only."""
    load_module("CraNeXtImplant")
    run_test_for_slicer("test_cranext_implant.py")
