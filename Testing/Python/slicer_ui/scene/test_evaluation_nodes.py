"""The nodes of an evaluation that CraNeXtImplant's logic puts into a real scene: numbers, maps, colors and legend.

This does not prove: that Slicer's application loads the module, that its worker finds the packages, or how the table
and the legend look in Slicer's windows.
"""

import json

import numpy as np
import pytest
from phantoms import head
from slicer_stand_ins.nodes import leftovers, nodes
from slicer_ui.phantom_nodes import GEOMETRIES, add_labelmap, add_segmentation, run_until

from CraNeXtLib import evaluate
from CraNeXtLib.cases.evaluation_case import evaluate_files
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.evaluation import distance_maps
from CraNeXtLib.evaluation.distance_map_files import write_vtp
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import write_volume

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures"]

MAPS = {"distance_map", "rim_map", "sdh_implant", "sdh_reference"}


def moved_case(geometry, step=1):
    """Return a head, and its implant moved by some voxels along the first array axis."""
    phantom = head(**GEOMETRIES[geometry])
    moved = np.roll(phantom.implant.voxels, step, 0) & ~phantom.defective.voxels
    return phantom, phantom.implant.with_voxels(moved)


def table_rows(node):
    table = node.GetTable()
    columns = [table.GetColumn(i) for i in range(table.GetNumberOfColumns())]
    return {
        columns[0].GetValue(row): tuple(column.GetValue(row) for column in columns[1:])
        for row in range(table.GetNumberOfRows())
    }


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The folder with the worker's evaluation of a moved implant."""
    folder = tmp_path_factory.mktemp("evaluation")
    phantom, implant = moved_case("oblique")
    files = {"implant": implant, "reference": phantom.implant, "skull": phantom.defective}
    for name, volume in files.items():
        write_volume(volume, folder / f"{name}.nrrd")
    stages = []
    names = evaluate_files(
        *(folder / f"{name}.nrrd" for name in files), folder / "result", progress=lambda *event: stages.append(event)
    )
    assert names == ["metrics.json", *(f"{name}.vtp" for name in sorted(MAPS))]
    assert stages[-1] == ("Done", 1.0)
    return folder / "result"


@pytest.mark.parametrize("geometry", ["oblique", "left-handed"])
def test_numbers_and_positions_are_correct(scene, logic, geometry):
    import slicer

    phantom, implant = moved_case(geometry)
    volumes = (implant, phantom.implant, phantom.defective)
    names = ("Pät's implant", "Truth", "Skull")
    boxed = phantom.implant.crop(foreground_box(phantom.implant.voxels))  # as Slicer exports a segment
    inputs = [add_labelmap(*pair) for pair in zip((implant, boxed, phantom.defective), names, strict=True)]
    hierarchy = scene.GetSubjectHierarchyNode()
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Patient")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(inputs[2]), folder)
    before = nodes(scene)
    run = logic.evaluate(*inputs)

    assert leftovers() == []
    assert set(before) < set(nodes(scene))
    expected, rows = evaluate(*volumes), table_rows(run.table)
    for name, value, unit in (
        ("Dice coefficient, DSC", expected.dsc, ""),
        ("Hausdorff distance, 95th percentile, dH95", expected.dh95_mm, "mm"),
        ("Surface Hausdorff distance, SdH", expected.sdh_mm, "mm"),
        ("False negative volume", expected.false_negative_ml, "mL"),
    ):
        assert rows[name][0] == pytest.approx(value, abs=1e-9)
        assert rows[name][1] == unit
    assert len(rows) == 16 + 5
    assert rows["Complete: widest gap"][3] in ("yes", "no")
    assert json.loads(run.table.GetAttribute("CraNeXt.Evaluation")) == run.description
    assert run.description["input"]["implant"] == {"node": "Pät's implant", "segment": None}

    assert set(run.models) == MAPS
    mesh = surface_of(implant)
    truth = distance_maps.distance_map(mesh, surface_of(phantom.implant))
    model = run.models["distance_map"]
    assert model.GetName() == "Pät's implant to reference"
    points = slicer.util.arrayFromModelPoints(model)
    np.testing.assert_allclose(points[np.lexsort(points.T)], mesh.vertices[np.lexsort(mesh.vertices.T)], atol=1e-9)
    painted = slicer.util.arrayFromModelPointData(model, "distance_mm")
    np.testing.assert_allclose(painted[np.lexsort(points.T)], truth.values_mm[np.lexsort(mesh.vertices.T)], atol=1e-5)
    for node in run.models.values():
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == folder


def test_the_nodes_must_share_a_transform_and_the_segments_of_a_result_are_the_default(scene, logic):
    phantom, implant = moved_case("flipped")
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "Registration")
    segments = ("Other", "CraNeXt_Implant")
    reconstruction, _ = add_segmentation(implant, "Reconstruction", segments=segments)
    truth, _ = add_segmentation(phantom.implant, "Truth")
    skull = add_labelmap(phantom.defective, "Skull")
    for node in (reconstruction, truth):
        node.SetAndObserveTransformNodeID(transform.GetID())
    before = nodes(scene)
    with pytest.raises(InputError, match="under different transforms"):
        logic.evaluate(reconstruction, truth, skull)
    assert nodes(scene) == before
    skull.SetAndObserveTransformNodeID(transform.GetID())
    run = logic.evaluate(reconstruction, truth, skull)
    assert run.description["input"]["implant"] == {"node": "Reconstruction", "segment": "CraNeXt_Implant"}
    expected = evaluate(implant, phantom.implant, phantom.defective)
    assert run.description["metrics"]["bdsc"] == pytest.approx(expected.bdsc)
    assert run.models["distance_map"].GetTransformNodeID() == transform.GetID()


def test_colors_legend_and_table_survive_saving_the_scene(scene, result, tmp_path):
    import slicer

    from CraNeXtLib.slicer_ui.scene.evaluation_nodes import fill_table, read_description
    from CraNeXtLib.slicer_ui.scene.map_nodes import fill_map, read_map

    table = scene.AddNewNodeByClass("vtkMRMLTableNode", "Numbers")
    fill_table(table, read_description(result))
    rows = table_rows(table)
    for name in ("distance_map", "sdh_implant"):
        fill_map(
            scene.AddNewNodeByClass("vtkMRMLModelNode", name), read_map(result / f"{name}.vtp"), title=f"{name}, mm"
        )
    bundle = str(tmp_path / "case.mrb")
    assert scene.WriteToMRB(bundle)
    scene.Clear(True)
    assert scene.ReadFromMRB(bundle)

    for name, blue_first in (("distance_map", True), ("sdh_implant", False)):
        display = scene.GetFirstNodeByName(name).GetDisplayNode()
        assert display.GetScalarVisibility()
        assert display.GetActiveScalarName() == "distance_mm"
        low, high = display.GetScalarRange()
        assert (low == -high) if blue_first else (low == 0 < high)
        lookup = display.GetColorNode().GetLookupTable()
        assert lookup.GetNumberOfTableValues() == 256
        first, middle, last = (np.array(lookup.GetTableValue(number)[:3]) for number in (0, 128, 255))
        assert last[0] > 2 * last[2]
        assert (first[2] > 2 * first[0]) == blue_first
        if blue_first:
            assert np.ptp(middle) < 0.05
        legend = slicer.modules.colors.logic().GetColorLegendDisplayNode(scene.GetFirstNodeByName(name))
        assert legend.GetTitleText() == f"{name}, mm"
        assert legend.GetVisibility()
    again = table_rows(scene.GetFirstNodeByName("Numbers"))
    assert again.keys() == rows.keys()
    for name, row in rows.items():
        assert [float(again[name][i]) for i in (0, 2)] == pytest.approx(
            [row[i] for i in (0, 2)],
            rel=1e-5,
            nan_ok=True,
        )  # the file stores six digits, the attribute all of them
        assert [again[name][i] for i in (1, 3, 4)] == [row[i] for i in (1, 3, 4)]


@pytest.mark.usefixtures("scene")
def test_the_rim_model_contains_only_the_rim(result):
    from vtk.util.numpy_support import vtk_to_numpy

    from CraNeXtLib.slicer_ui.scene.map_nodes import read_map

    rim, whole = (read_map(result / f"{name}.vtp") for name in ("rim_map", "distance_map"))
    gaps = vtk_to_numpy(rim.GetPointData().GetScalars())
    assert np.isfinite(gaps).all()
    assert 0 < len(gaps) < whole.GetNumberOfPoints() / 2
    assert rim.GetNumberOfPolys() > len(gaps) / 2


@pytest.mark.usefixtures("scene")
def test_a_map_without_any_measured_face_is_left_out(tmp_path):
    from CraNeXtLib.slicer_ui.scene.map_nodes import read_map

    mesh = surface_of(head(spacing=(6.0, 6.0, 6.0)).implant)
    nothing = distance_maps.DistanceMap(mesh, np.full(len(mesh.vertices), np.nan), "gap_mm")
    write_vtp(nothing, tmp_path / "rim_map.vtp")
    assert read_map(tmp_path / "rim_map.vtp") is None
    (tmp_path / "rim_map.vtp").write_text("<VTKFile")
    with pytest.raises(InputError, match="rim_map"):
        read_map(tmp_path / "rim_map.vtp")


def test_the_table_shows_infinite_and_unmeasured_values(scene, result):
    from CraNeXtLib.slicer_ui.scene.evaluation_nodes import fill_table, read_description

    description = read_description(result)
    description["all_metrics"]["sdh_mm"] = None
    description["checklist"]["criteria"][2] |= {"value": None, "passed": None, "place_ras_mm": None}
    table = scene.AddNewNodeByClass("vtkMRMLTableNode")
    fill_table(table, description)
    rows = table_rows(table)
    assert rows["Surface Hausdorff distance, SdH"][0] == np.inf
    value, unit, threshold, met, place = rows["Restored shape: deviation"]
    assert (np.isnan(value), unit, threshold, met, place) == (True, "mm", 3.0, "not measured", "")
    description["checklist"] = None
    fill_table(table, description)
    assert table.GetNumberOfRows() == 16


def test_unusable_input_is_refused_at_once(scene, logic, monkeypatch):
    monkeypatch.setattr("CraNeXtLib.slicer_ui.runs.worker_run.Job", lambda *_a, **_k: pytest.fail("started a worker"))
    phantom, implant = moved_case("upright")
    other = head(spacing=(4.0, 4.0, 4.0))
    skull, truth, own = (add_labelmap(v) for v in (phantom.defective, phantom.implant, implant))
    empty = add_labelmap(implant.with_voxels(implant.voxels & False), "Nothing")
    elsewhere = add_labelmap(other.implant)
    before = nodes(scene)
    for inputs, message in (
        ((own, None, skull), "Choose the implant"),
        ((own, elsewhere, skull), "one grid"),
        ((empty, truth, skull), "Nothing is empty"),
    ):
        with pytest.raises(InputError, match=message):
            logic.evaluate(*inputs)
    assert nodes(scene) == before
    assert leftovers() == []


def test_canceling_leaves_scene_and_disk_unchanged(scene, logic, phantom, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    inputs = [add_labelmap(volume) for volume in (phantom.implant, phantom.implant, phantom.defective)]
    before = nodes(scene)
    ended = []
    run = logic.evaluate(*inputs, wait=False, ended=ended.append)
    run.cancel()
    run_until(lambda: ended, run)
    with pytest.raises(CancelledError):
        run.raise_error()
    assert nodes(scene) == before
    assert leftovers() == []


def test_a_measure_is_a_text_without_an_exponent_and_says_when_there_is_none():
    from CraNeXtLib.slicer_ui.scene.criteria_rows import measured

    values = [(1.2345, "mm"), (7741.8, "mL"), (0.00304, ""), (float("nan"), "mm"), (float("inf"), "mm")]
    assert [measured(*value) for value in values] == ["1.23 mm", "7742 mL", "0.00304", "–", "∞"]
