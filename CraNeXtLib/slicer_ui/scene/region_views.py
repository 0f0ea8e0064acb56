"""The regions in Slicer's views: 3D, slices, chart and table side by side, and one region highlighted."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CraNeXtLib.slicer_ui.scene import views

LAYOUT_ID = 81240
"""ID of the layout; it must not clash with the IDs of Slicer and other extensions."""

_OTHERS_OPACITY = 0.15  # of the regions that are not highlighted; they still show where the highlighted one lies
_SLICES = (("Red", "Axial", "#F34A33"), ("Green", "Coronal", "#6EB04B"), ("Yellow", "Sagittal", "#EDD54C"))


def show_layout(table: Any, chart: Any) -> None:
    """Show 3D view, slices, table and chart side by side; does nothing without a main window."""
    manager = slicer.app.layoutManager()
    if manager is None:
        return
    node = manager.layoutLogic().GetLayoutNode()
    if not node.IsLayoutDescription(LAYOUT_ID):
        node.AddLayoutDescription(LAYOUT_ID, _layout())
    manager.setLayout(LAYOUT_ID)
    logic = slicer.app.applicationLogic()
    selection = logic.GetSelectionNode()
    selection.SetActiveTableID(table.GetID())
    selection.SetActivePlotChartID(chart.GetID())
    logic.PropagateTableSelection()
    logic.PropagatePlotChartSelection()


def layout_is_shown() -> bool:
    """Return whether the layout of :func:`show_layout` is shown."""
    manager = slicer.app.layoutManager()
    return manager is not None and manager.layout == LAYOUT_ID


def show_region(segmentation: Any, segment_id: str) -> None:
    """Highlight one segment in 3D, look at it from outside, and move the slices through it."""
    display = segmentation.GetDisplayNode()
    for other in segmentation.GetSegmentation().GetSegmentIDs():
        display.SetSegmentOpacity3D(other, 1.0 if other == segment_id else _OTHERS_OPACITY)
    center = segmentation.GetSegmentCenterRAS(segment_id)
    if center is not None:
        views.show_position(segmentation.GetScene(), np.array(center), views.center_of(segmentation))


def show_all(segmentation: Any) -> None:
    """Show all segments with the same opacity."""
    display = segmentation.GetDisplayNode()
    for segment_id in segmentation.GetSegmentation().GetSegmentIDs():
        display.SetSegmentOpacity3D(segment_id, 1.0)


def _layout() -> str:
    slices = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        f'<property name="orientation" action="default">{orientation}</property>'
        f'<property name="viewlabel" action="default">{name[0]}</property>'
        f'<property name="viewcolor" action="default">{color}</property></view></item>'
        for name, orientation, color in _SLICES
    )
    return (
        '<layout type="horizontal" split="true">'
        '<item splitSize="600"><layout type="vertical" split="true">'
        '<item splitSize="500"><view class="vtkMRMLViewNode" singletontag="1">'
        '<property name="viewlabel" action="default">1</property></view></item>'
        '<item splitSize="280"><view class="vtkMRMLPlotViewNode" singletontag="PlotView1">'
        '<property name="viewlabel" action="default">P</property></view></item>'
        '<item splitSize="220"><view class="vtkMRMLTableViewNode" singletontag="TableView1">'
        '<property name="viewlabel" action="default">T</property></view></item>'
        "</layout></item>"
        f'<item splitSize="300"><layout type="vertical">{slices}</layout></item>'
        "</layout>"
    )
