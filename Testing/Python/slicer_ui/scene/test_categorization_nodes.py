"""The nodes that CraNeXtCategorize's logic puts into a real scene: geometry, sides, names, colors, numbers, saving.

This does not prove: that Slicer's application loads the module, that its worker finds the packages, or that the regions
are right. Canceled and failing runs work as in CraNeXtImplant and are tested in runs/test_implant_run.py.
"""

import json
import sys

import numpy as np
import pytest
from slicer_stand_ins.nodes import leftovers, nodes, reference_geometry, segment_image, terminology
from slicer_ui.phantom_nodes import REGION_GEOMETRIES, add_labelmap, add_segmentation, run_test_for_slicer, voxels_of

from CraNeXtLib.anatomy.head.regions import REGIONS, UNDEFINED
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import read_volume

pytest_plugins = [
    "coarse_demo",
    "slicer_stand_ins.pytest_plugin",
    "slicer_ui.implant_fixtures",
    "slicer_ui.region_fixtures",
]

IDS = {
    "CraNeXt_MaxillaMandible": 1,
    "CraNeXt_Temporal": 2,
    "CraNeXt_Occipital": 3,
    "CraNeXt_LowerParietal": 4,
    "CraNeXt_MiddleParietal": 5,
    "CraNeXt_UpperParietal": 6,
    "CraNeXt_LowerFrontal": 7,
    "CraNeXt_UpperFrontal": 8,
}


@pytest.fixture
def head(region_case, answer):
    return answer(region_case("oblique"))


def table_rows(node):
    """Return the rows by their first cell; numbers read from a file may be strings."""
    table = node.GetTable()
    columns = [table.GetColumn(i) for i in range(table.GetNumberOfColumns())]
    return {
        columns[0].GetValue(row): tuple(float(column.GetValue(row)) for column in columns[1:])
        for row in range(table.GetNumberOfRows())
    }


def check_segments(node, head):
    """Check names, colors, terms, geometry and every voxel."""
    segmentation = node.GetSegmentation()
    assert [i for i in segmentation.GetSegmentIDs() if i.startswith("CraNeXt")] == list(IDS)
    affine, shape = reference_geometry(node)
    assert shape == head.skull.shape
    np.testing.assert_allclose(affine, head.skull.affine, rtol=0, atol=1e-6)
    for region, segment_id in zip(REGIONS, IDS, strict=True):
        segment = segmentation.GetSegment(segment_id)
        assert segment.GetName() == region.name
        np.testing.assert_allclose(segment.GetColor(), np.array(region.color) / 255, atol=1e-3)
        assert terminology(segment) == ("Anatomical Structure", region.anatomy[1])
        np.testing.assert_array_equal(voxels_of(node, segment_id, head.skull), head.labels.voxels == region.label)


@pytest.mark.parametrize("kind", ["labelmap", "segmentation"])
@pytest.mark.parametrize("geometry", REGION_GEOMETRIES)
def test_the_result_has_the_geometry_of_the_input_and_left_stays_left(categorizer, region_case, answer, geometry, kind):
    head = answer(region_case(geometry))
    node = add_labelmap(head.skull) if kind == "labelmap" else add_segmentation(head.skull)[0]
    run = categorizer.process(node)
    check_segments(run.segmentation, head)
    affine, extent = segment_image(run.segmentation, "CraNeXt_Occipital")
    np.testing.assert_allclose(affine, head.skull.affine, rtol=0, atol=1e-6)
    assert min(extent) >= 0
    # Less of the regions around the defect is left on its side. In the upright head, left is where R is negative.
    bone = sum(voxels_of(run.segmentation, i, head.skull) for i, label in IDS.items() if label > 3)
    upright = np.linalg.inv(head.rotation) @ head.skull.affine
    right = (np.argwhere(bone) @ upright[:3, :3].T + upright[:3, 3])[:, 0] > 0
    assert 0.51 < right.mean() < 0.7
    assert run.description["implant"]["side"] == "left"
    assert leftovers() == []


def test_every_region_has_a_surface_for_the_3d_view(categorizer, head):
    segmentation = categorizer.process(add_labelmap(head.skull)).segmentation
    assert segmentation.GetDisplayNode().GetVisibility3D()
    for segment_id in IDS:
        surface = segmentation.GetSegmentation().GetSegment(segment_id).GetRepresentation("Closed surface")
        assert surface is not None
        assert surface.GetNumberOfPoints() > 100


def test_the_worker_receives_skull_and_implant_exactly(categorizer, head, monkeypatch):
    written = {}

    def job(task, arguments, python, environment):
        volumes = [read_volume(arguments[role]) for role in ("skull", "implant")]
        written.update(arguments, task=task, volumes=volumes, python=python, environment=environment)
        raise InputError("enough")

    monkeypatch.setattr("CraNeXtLib.slicer_ui.runs.worker_run.Job", job)
    skull, _ = add_segmentation(head.skull, segments=("Brain", "Bone"))
    implant, _ = add_segmentation(head.implant, segments=("Screw", "Plate"))
    with pytest.raises(InputError, match="enough"):
        categorizer.process(skull, segmentId="Bone", implantNode=implant, implantSegmentId="Plate", method="official")
    for volume, true in zip(written["volumes"], (head.skull, head.implant), strict=True):
        np.testing.assert_array_equal(volume.voxels, true.voxels)
        np.testing.assert_allclose(volume.affine, true.affine, rtol=0, atol=1e-9)
    assert (written["task"], written["python"], written["environment"]) == ("categorize", sys.executable, None)
    assert (written["method"], written["picture"]) == ("official", False)
    assert leftovers() == []


def test_the_segments_of_a_result_are_the_default(categorizer, head):
    reconstruction, _ = add_segmentation(head.skull, segments=("Other", "CraNeXt_DefectiveSkull"))
    implant, _ = add_segmentation(head.implant, "Result", segments=("Other", "CraNeXt_Implant"))
    run = categorizer.process(reconstruction, implantNode=implant)
    assert run.description["input"] == {
        "skull": {"node": "Patient", "segment": "CraNeXt_DefectiveSkull"},
        "implant": {"node": "Result", "segment": "CraNeXt_Implant"},
    }


def test_the_table_contains_sizes_and_the_location_of_the_defect(categorizer, head):
    run = categorizer.process(add_labelmap(head.skull), implantNode=add_labelmap(head.implant))
    rows, defect = table_rows(run.table), run.description["implant"]
    assert list(rows) == [*(region.name for region in REGIONS), UNDEFINED.name, "Defect, left"]
    for region in (*REGIONS, UNDEFINED):
        voxels, volume, share, area, of_defect = rows[region.name]
        assert voxels == (head.labels.voxels == region.label).sum()
        assert volume == pytest.approx(voxels * head.labels.voxel_volume_mm3 / 1000, abs=1e-3)
        assert share == pytest.approx(100 * voxels / head.skull.voxels.astype(bool).sum(), abs=1e-3)
        assert (area > 0) == (voxels > 0)
        assert of_defect == defect["percent"][region.name]
    voxels, volume, share, area, whole = rows["Defect, left"]
    assert np.isnan([voxels, share]).all()
    assert (volume, area, whole) == (defect["volume_ml"], defect["area_cm2"], 100)
    assert run.table.GetLocked()
    for node in (run.segmentation, run.table):
        assert json.loads(node.GetAttribute("CraNeXt.Regions")) == run.description
    assert {"regions", "registration", "warnings", "method", "input"} <= set(run.description)


def test_without_an_implant_the_table_contains_only_the_regions(scene, region_case):
    from CraNeXtLib.slicer_ui.scene.categorization_nodes import fill_table, read_regions

    _, description = read_regions(region_case("oblique").folder)
    del description["implant"]
    node = scene.AddNewNodeByClass("vtkMRMLTableNode")
    fill_table(node, description)
    assert list(table_rows(node)) == [*(region.name for region in REGIONS), UNDEFINED.name]
    assert node.GetNumberOfColumns() == 5


def test_the_result_survives_saving_the_scene(scene, categorizer, head, tmp_path):
    run = categorizer.process(add_labelmap(head.skull, 'Pät "1"; a:b'), implantNode=add_labelmap(head.implant))
    description, rows = run.description, table_rows(run.table)
    names = run.segmentation.GetName(), run.table.GetName()
    titles = [run.table.GetTable().GetColumn(i).GetName() for i in range(6)]
    assert names == ('Pät "1"; a:b regions', 'Pät "1"; a:b region sizes')
    bundle = str(tmp_path / "case.mrb")
    assert scene.WriteToMRB(bundle)
    scene.Clear(True)
    assert scene.ReadFromMRB(bundle)

    segmentation, table = (scene.GetFirstNodeByName(name) for name in names)
    check_segments(segmentation, head)
    for node in (segmentation, table):
        assert json.loads(node.GetAttribute("CraNeXt.Regions")) == description
    assert [table.GetTable().GetColumn(i).GetName() for i in range(6)] == titles
    again = table_rows(table)
    assert list(again) == list(rows)
    for name, row in rows.items():
        assert again[name] == pytest.approx(row, rel=1e-5, nan_ok=True)  # the file holds six digits


def test_the_result_is_placed_beside_the_input(scene, categorizer, head):
    import slicer

    node, image = add_segmentation(head.skull)
    hierarchy = scene.GetSubjectHierarchyNode()
    study = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "CT of the head")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(node), study)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetAndObserveTransformNodeID(transform.GetID())

    run = categorizer.process(node)
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(run.segmentation)) == study
    assert run.segmentation.GetTransformNodeID() == transform.GetID()
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    assert run.segmentation.GetNodeReference(role) is image


def test_a_second_run_replaces_the_first_and_keeps_the_users_segments(scene, categorizer, head, region_case):
    from CraNeXtLib.slicer_ui.scene.categorization_nodes import fill_regions, read_regions

    node, _ = add_segmentation(head.skull)
    labels, description = read_regions(region_case("oblique").folder)
    voxels = labels.voxels.copy()
    voxels[head.labels.voxels == 2] = 9
    description["regions"][1]["voxels"], description["regions"][8]["voxels"] = 0, int((voxels == 9).sum())
    fill_regions(node, labels.with_voxels(voxels), description)
    ids = set(node.GetSegmentation().GetSegmentIDs())
    assert ids == {"Bone", "CraNeXt_Undefined", *IDS} - {"CraNeXt_Temporal"}
    np.testing.assert_array_equal(voxels_of(node, "CraNeXt_Undefined", head.skull), voxels == 9)
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", "Sizes")
    before = nodes(scene)
    for _ in range(2):
        run = categorizer.process(node, node, table, segmentId="Bone")
        assert (run.segmentation, run.table) == (node, table)
        assert table.GetNumberOfRows() == 10
        assert nodes(scene) == before
    assert set(node.GetSegmentation().GetSegmentIDs()) == {"Bone", *IDS}
    check_segments(node, head)
    np.testing.assert_array_equal(voxels_of(node, "Bone", head.skull), head.skull.voxels != 0)


def test_unusable_input_is_refused_at_once(scene, categorizer, head, monkeypatch):
    monkeypatch.setattr("CraNeXtLib.slicer_ui.runs.worker_run.Job", lambda *_a, **_k: pytest.fail("started"))
    skull, other = add_labelmap(head.skull), add_labelmap(head.implant)
    empty = add_labelmap(head.skull.with_voxels(head.skull.voxels & False), "Nothing")
    moved = add_labelmap(head.implant)
    moved.SetAndObserveTransformNodeID(scene.AddNewNodeByClass("vtkMRMLLinearTransformNode").GetID())
    surfaces, _ = add_segmentation(head.skull, "Mesh")
    surfaces.CreateClosedSurfaceRepresentation()
    surfaces.GetSegmentation().SetSourceRepresentationName("Closed surface")
    before = nodes(scene)
    for arguments, options, message in (
        ((None,), {}, "Choose a segmentation"),
        ((empty,), {}, "Nothing is empty"),
        ((skull,), {"implantNode": empty}, "Nothing is empty"),
        ((skull,), {"implantNode": moved}, "under different transforms"),
        ((skull, surfaces), {"implantNode": other}, "Mesh stores surfaces"),
    ):
        with pytest.raises(InputError, match=message):
            categorizer.process(*arguments, **options)
    assert nodes(scene) == before
    assert leftovers() == []


def test_the_real_worker_on_an_oblique_left_handed_skull(scene, categorizer, region_case):
    """The regions are those of the upright skull, and the worker's error messages are passed on."""
    head = region_case("oblique, left-handed, anisotropic").head
    skull, implant = add_labelmap(head.skull), add_labelmap(head.implant)
    run = categorizer.process(skull, implantNode=implant)
    bone, same = head.labels.voxels > 0, 0
    for segment_id, label in IDS.items():
        same += (voxels_of(run.segmentation, segment_id, head.skull) & (head.labels.voxels == label)).sum()
    assert same / bone.sum() > 0.95
    assert run.description["implant"]["side"] == "left"
    before = nodes(scene)
    with pytest.raises(InputError, match="no method 'best'"):
        categorizer.process(skull, method="best")
    assert nodes(scene) == before
    assert leftovers() == []


@pytest.mark.usefixtures("coarse_demo")
def test_the_test_for_slicer_passes_with_the_real_worker(load_module):
    """From the bundled skull to the scene, with stand-ins for the application only."""
    load_module("CraNeXtCategorize")
    run_test_for_slicer("test_cranext_categorize.py")
