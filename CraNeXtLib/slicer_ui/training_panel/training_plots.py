"""Plots of a run's curves in two plot views, kept up to date."""

from __future__ import annotations

import slicer

from CraNeXtLib.slicer_ui.runs.training_run import TrainingRun
from CraNeXtLib.slicer_ui.scene.training_nodes import fill_charts, fill_curves
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding

LAYOUT = 7361
"""ID of the layout with scores above and loss below; it must not clash with the IDs of Slicer and other extensions."""

_VIEWS = {"scores": "CraNeXtScores", "loss": "CraNeXtLoss"}


class TrainingPlots:
    """The table and the charts of the run that the panel shows, created on demand.

    Args:
        binding: The module's parameters; ``curves``, ``lossChart`` and ``scoreChart`` hold the nodes.
    """

    def __init__(self, binding: ParameterBinding) -> None:
        self._binding = binding

    def show(self, run: TrainingRun) -> None:
        """Create missing nodes, fill them, and show the plot views if there is a main window."""
        parameters = self._binding.parameters
        for name, kind, title in (
            ("curves", "vtkMRMLTableNode", _("Training curves")),
            ("lossChart", "vtkMRMLPlotChartNode", _("Training loss")),
            ("scoreChart", "vtkMRMLPlotChartNode", _("Validation scores")),
        ):
            if getattr(parameters, name) is None:
                setattr(parameters, name, slicer.mrmlScene.AddNewNodeByClass(kind, title))
        self.update(run)
        manager = slicer.app.layoutManager()
        if manager is None:
            return
        layout = manager.layoutLogic().GetLayoutNode()
        if not layout.IsLayoutDescription(LAYOUT):
            layout.AddLayoutDescription(LAYOUT, _layout())
        manager.setLayout(LAYOUT)
        for key, chart in (("scores", parameters.scoreChart), ("loss", parameters.lossChart)):
            view = slicer.mrmlScene.GetSingletonNode(_VIEWS[key], "vtkMRMLPlotViewNode")
            if view is not None:
                view.SetPlotChartNodeID(chart.GetID())

    def update(self, run: TrainingRun) -> None:
        """Update existing nodes with the run's curves."""
        parameters = self._binding.parameters
        nodes = parameters.curves, parameters.lossChart, parameters.scoreChart
        if any(node is None for node in nodes):
            return
        fill_curves(parameters.curves, run.curves)
        fill_charts(parameters.lossChart, parameters.scoreChart, parameters.curves, run.folder.name)


def _layout() -> str:
    """Return the layout as Slicer's XML."""
    item = (
        '<item><view class="vtkMRMLPlotViewNode" singletontag="{tag}">'
        '<property name="viewlabel" action="default">{label}</property></view></item>'
    )
    items = (item.format(tag=tag, label=label) for tag, label in zip(_VIEWS.values(), ("P1", "P2"), strict=True))
    return f'<layout type="vertical" split="true">{"".join(items)}</layout>'
