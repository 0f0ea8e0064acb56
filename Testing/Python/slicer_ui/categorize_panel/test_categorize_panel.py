"""CraNeXtCategorize's panel, used like a person does: choose, divide, cancel, inspect regions, save and reload.

This does not prove: that Slicer's own widgets behave like the stand-ins, how its windows look, nor that clicks in its
3D view work.
"""

import json

import numpy as np
import pytest
from slicer_stand_ins.nodes import nodes
from slicer_ui.phantom_nodes import add_labelmap, add_segmentation, run_until, voxels_of

from CraNeXtLib.anatomy.head.regions import REGIONS

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.region_fixtures"]


@pytest.fixture
def widget(panel):
    return panel("CraNeXtCategorize")


@pytest.fixture
def head(region_case, answer):
    return answer(region_case("upright"))


def divide(widget):
    """Press the button and wait for the end of the run."""
    dividing = widget.panel.dividing
    dividing.button.click()
    assert dividing.button.text == "&Cancel", dividing.message.text
    run_until(lambda: not dividing.busy, dividing._run)


def listed(widget):
    table = widget.ui.regionsTable
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def test_the_run_is_disabled_before_a_skull_is_chosen(widget, scene):
    dividing = widget.panel.dividing
    assert not dividing.button.enabled
    assert dividing.button.toolTip == "Choose a skull under “Skull”, or press “Try it with a sample”."
    empty = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Empty")
    widget.ui.inputSelector.setCurrentNode(empty)
    assert dividing.button.toolTip == "Empty has no segments. Choose another node under “Skull”."
    assert not widget.ui.regionsFrame.isVisibleTo(widget.parent)


def test_from_a_skull_to_its_regions_in_all_views(main_window, widget, head, scene):  # noqa: ARG001
    import slicer

    skull, _ = add_segmentation(head.skull, segments=("Brain", "Bone"))
    implant = add_labelmap(head.implant, "Implant")
    widget.ui.inputSelector.setCurrentNode(skull)
    assert widget.ui.segmentSelector.isVisibleTo(widget.parent)
    widget.ui.segmentSelector.setCurrentSegmentID("Bone")
    widget.ui.implantSelector.setCurrentNode(implant)
    assert not widget.ui.implantSegmentSelector.isVisibleTo(widget.parent)
    divide(widget)
    assert widget.panel.dividing.message.text == ""

    result = widget.logic.getParameterNode().result
    assert widget.ui.resultSelector.currentNode() is result
    description = json.loads(result.GetAttribute("CraNeXt.Regions"))
    assert description["input"]["skull"]["segment"] == "Bone"
    for region in REGIONS:
        row = next(row for row in listed(widget) if row[0] == region.name)
        percent = next(r["percent"] for r in description["regions"] if r["name"] == region.name)
        assert row[1:] == [f"{percent:.1f}%", f"{description['implant']['percent'][region.name]:.1f}%"]
    assert "The defect is on the left, mostly in" in widget.ui.defectLabel.text
    assert not skull.GetDisplayNode().GetVisibility()

    manager = slicer.app.layoutManager()
    assert (manager.threeDViewCount, manager.plotViewCount, manager.tableViewCount) == (1, 1, 1)
    assert len(manager.sliceViewNames()) == 3
    table = manager.tableWidget(0).tableView().mrmlTableNode()
    assert table.GetCellText(0, 0) == REGIONS[0].name
    chart = manager.plotWidget(0).mrmlPlotViewNode().GetPlotChartNode()
    shares = {
        series.GetName(): series.GetTableNode().GetTable().GetColumnByName(series.GetYColumnName()).GetValue(0)
        for series in (chart.GetNthPlotSeriesNode(i) for i in range(chart.GetNumberOfPlotSeriesNodes()))
    }
    assert shares == pytest.approx({k: v for k, v in description["implant"]["percent"].items() if v})
    for position, width, number in drawn_bars(chart):  # above the number of the region in the axis title
        assert position == pytest.approx(number)
        assert width == pytest.approx(0.8)
    assert "4 Lower Parietal\n5 Middle Parietal" in chart.GetXAxisTitle()


def drawn_bars(chart):
    """Return the position and width of each series' first bar in VTK's chart, and the number of its region."""
    import vtk

    scene, drawn, bars = vtk.vtkContextScene(), vtk.vtkChartXY(), []
    scene.AddItem(drawn)
    for series in (chart.GetNthPlotSeriesNode(i) for i in range(chart.GetNumberOfPlotSeriesNodes())):
        bar, table = drawn.AddPlot(vtk.vtkChart.BAR), series.GetTableNode().GetTable()
        bar.SetInputData(table, series.GetXColumnName(), series.GetYColumnName())
        number = next(n for n, region in enumerate(REGIONS, start=1) if region.name == series.GetName())
        bars.append((bar, table.GetColumnByName(series.GetXColumnName()).GetValue(0), number))
    drawn.Update()
    return [(place - bar.GetOffset(), bar.GetWidth(), number) for bar, place, number in bars]


def test_selecting_a_region_highlights_it(main_window, widget, head):  # noqa: ARG001
    import slicer

    widget.ui.inputSelector.setCurrentNode(add_labelmap(head.skull))
    divide(widget)
    result = widget.logic.getParameterNode().result
    manager = slicer.app.layoutManager()
    camera = manager.threeDWidget(0).threeDView().cameraNode()

    def check(region):
        display = result.GetDisplayNode()
        identity = "CraNeXt_" + "".join(filter(str.isalpha, region.name))
        for other in result.GetSegmentation().GetSegmentIDs():
            assert (display.GetSegmentOpacity3D(other) == 1) == (other == identity)
        voxels = voxels_of(result, identity, head.skull)
        place = head.skull.to_ras(np.argwhere(voxels)).mean(axis=0)
        shown = [manager.sliceWidget(name).mrmlSliceNode().GetSliceToRAS() for name in ("Red", "Yellow")]
        np.testing.assert_allclose(shown[0].GetElement(2, 3), place[2], atol=25)
        np.testing.assert_allclose(shown[1].GetElement(0, 3), place[0], atol=25)
        outward = np.array(camera.GetPosition()) - camera.GetFocalPoint()
        assert outward @ (place - camera.GetFocalPoint()) > 0

    row = next(i for i, cells in enumerate(listed(widget)) if cells[0] == "Occipital")
    widget.ui.regionsTable.selectRow(row)
    check(REGIONS[2])
    manager.tableWidget(0).tableView().selectRow(7)  # Slicer's own table view, in the order of the labels
    check(REGIONS[7])
    widget.ui.showAllButton.click()
    assert {result.GetDisplayNode().GetSegmentOpacity3D(i) for i in result.GetSegmentation().GetSegmentIDs()} == {1.0}
    assert widget.ui.regionsTable.selectedItems() == []


def test_progress_and_cancel(widget, head, scene, monkeypatch):
    monkeypatch.setenv("SIMULATED_FAILURE", "hang")
    widget.ui.inputSelector.setCurrentNode(add_labelmap(head.skull))
    before, dividing = nodes(scene), widget.panel.dividing
    dividing.button.click()
    run_until(lambda: dividing.progress_bar.value == 500, dividing._run)
    assert dividing.stage_label.text.startswith("Reconstructing")
    dividing.button.click()
    run_until(lambda: not dividing.busy, dividing._run)
    assert "Canceled" in dividing.message.text
    assert dividing.button.enabled
    assert nodes(scene) == before


def test_the_sample(widget, head):  # noqa: ARG001
    widget.ui.sampleButton.click()
    dividing = widget.panel.dividing
    run_until(lambda: not dividing.busy, dividing._run)
    assert widget.logic.getParameterNode().result is not None


def test_nodes_may_be_deleted_during_and_after_a_run(widget, head, scene):
    skull = add_labelmap(head.skull)
    widget.ui.inputSelector.setCurrentNode(skull)
    widget.panel.dividing.button.click()
    scene.RemoveNode(skull)
    run_until(lambda: not widget.panel.dividing.busy, widget.panel.dividing._run)
    result = widget.logic.getParameterNode().result
    assert result is not None
    scene.RemoveNode(result)
    assert widget.logic.getParameterNode().result is None
    assert not widget.ui.regionsFrame.isVisibleTo(widget.parent)
    widget.ui.showAllButton.click()
    widget.ui.viewsButton.click()


def test_everything_is_restored_with_the_scene(main_window, widget, head, scene, tmp_path):  # noqa: ARG001
    import slicer

    widget.ui.inputSelector.setCurrentNode(add_labelmap(head.skull))
    widget.ui.methodComboBox.setCurrentIndex(1)
    widget.ui.methodComboBox.activated.emit(1)
    divide(widget)
    before = listed(widget)
    bundle = str(tmp_path / "case.mrb")
    assert scene.WriteToMRB(bundle)
    scene.Clear(False)
    assert widget.ui.methodComboBox.currentIndex == 0
    assert scene.ReadFromMRB(bundle)
    assert listed(widget) == before
    assert widget.ui.methodComboBox.currentIndex == 1
    assert widget.ui.inputSelector.currentNode().GetName() == "Patient"
    slicer.app.layoutManager().setLayout(1)
    widget.ui.viewsButton.click()
    chart = slicer.app.layoutManager().plotWidget(0).mrmlPlotViewNode().GetPlotChartNode()
    shown = [row for row in before if row[2] != "0.0%"]
    assert chart.GetNumberOfPlotSeriesNodes() == len(shown)
    assert len(list(scene.GetNodesByClass("vtkMRMLPlotSeriesNode"))) == len(shown)  # none of the first chart is left


def test_a_run_continues_while_another_module_is_open(widget, head):
    widget.ui.inputSelector.setCurrentNode(add_labelmap(head.skull))
    widget.panel.dividing.button.click()
    widget.parent.exit()
    run_until(lambda: not widget.panel.dividing.busy, widget.panel.dividing._run)
    widget.parent.enter()
    assert listed(widget)


def test_the_modules_own_test(load_module, head):  # noqa: ARG001
    load_module("CraNeXtCategorize")[0].CraNeXtCategorizeTest().runTest()
