"""Slicer module that divides a skull into eight regions."""

import importlib.util
import sys
from pathlib import Path
from typing import Union

import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLModelNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

# In an installed extension, the library is beside this file, where Slicer finds it. In a source checkout it is beside
# this folder, which is not on Slicer's path.
if importlib.util.find_spec("CraNeXtLib") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.panel_widget import PanelWidget


class CraNeXtCategorize(ScriptedLoadableModule):
    """Title, category and help of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CraNeXt Categorize")
        parent.categories = ["CraNeXt"]
        parent.dependencies = ["Segmentations", "Tables"]
        parent.contributors = ["The CraNeXt for 3D Slicer developers"]
        parent.helpText = _(
            "Divides a skull into eight regions, and locates a defect in them. {research_use_notice}"
        ).format(research_use_notice=RESEARCH_USE_NOTICE)
        parent.acknowledgementText = _(
            "Method: Kesornsri et al., CraNeXt: Automatic Reconstruction of Skull Implants With Skull Categorization "
            "Technique, IEEE Access 2024, doi 10.1109/ACCESS.2024.3415173. This is an independent implementation. "
            "Template: BodyParts3D, (c) The Database Center for Life Science."
        )


@parameterNodeWrapper
class CraNeXtCategorizeParameterNode:
    """Parameters of the panel, saved with the scene.

    Attributes:
        inputNode: The complete or defective skull: a segmentation, a mask or a model.
        segmentId: ID of the skull's segment.
        implantNode: An implant or defect to be located, in the space of the skull, or None.
        implantSegmentId: ID of the implant's or defect's segment.
        method: ``"default"`` or ``"official"``.
        result: The segmentation of regions that is shown.
    """

    # Slicer's parameter node wrapper does not support unions written with a bar.
    inputNode: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, vtkMRMLModelNode, None]  # noqa: UP007
    segmentId: str
    implantNode: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, vtkMRMLModelNode, None]  # noqa: UP007
    implantSegmentId: str
    method: str = "default"
    result: vtkMRMLSegmentationNode


class CraNeXtCategorizeWidget(PanelWidget):
    """The panel; its sections are in ``CraNeXtLib.slicer_ui.categorize_panel``."""

    def make_panel(self, ui):
        """Return the panel, given the widgets of the .ui file."""
        from CraNeXtLib.slicer_ui.categorize_panel.panel import CategorizePanel

        self.logic = CraNeXtCategorizeLogic()
        return CategorizePanel(ui, self.logic)


class CraNeXtCategorizeLogic(ScriptedLoadableModuleLogic):
    """Divides skulls into regions without the panel, for the Python console and scripts.

    >>> run = CraNeXtCategorizeLogic().process(slicer.util.getNode("Skull"))  # doctest: +SKIP
    >>> run.segmentation, run.table, run.description["warnings"]  # doctest: +SKIP
    """

    def getParameterNode(self):
        """Return the parameters of the panel in the scene."""
        return CraNeXtCategorizeParameterNode(super().getParameterNode())

    def process(
        self,
        inputNode,
        outputSegmentation=None,
        outputTable=None,
        *,
        segmentId=None,
        implantNode=None,
        implantSegmentId=None,
        method="default",
        wait=True,
        **options,
    ):
        """Divide a complete or defective skull into eight regions in a child process.

        Args:
            inputNode: vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode or vtkMRMLModelNode with the skull. In a
                result of CraNeXtImplant, the segment Defective skull is the default.
            outputSegmentation: Receives a segment for each region and one for undefined bone, in the geometry of the
                input; empty ones are left out. None for a new node.
            outputTable: Receives voxels, volume, percentage and outer surface area of all regions, empty ones included;
                None for a new node.
            segmentId: ID of the skull's segment, needed if there are several.
            implantNode: An implant or defect in the space of the skull whose side and percentage in each region are to
                be measured, or None. In a result of CraNeXtImplant, the segment Implant is the default.
            implantSegmentId: ID of the implant's segment, needed if there are several.
            method: ``"default"``, or ``"official"`` for the published procedure including its errors.
            wait: Whether to wait for the end; otherwise Slicer's event loop continues the run.
            options: ``python``, ``progress`` and ``ended`` of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.categorization_run.CategorizationRun` with ``segmentation``, ``table``
            and ``description`` when it has finished. ``cancel()`` stops it.

        Raises:
            InputError: If the input or a setting cannot be used, or the template does not fit.
            CancelledError: If ``progress`` raised it, or the scene was closed. This and the following are raised only
                if ``wait`` is true; otherwise ``raise_error()`` of the finished run raises them.
            RuntimeError: If the worker failed in another way.
        """
        from CraNeXtLib.slicer_ui.runs.categorization_run import CategorizationRun

        run = CategorizationRun(
            inputNode,
            outputSegmentation,
            outputTable,
            segment_id=segmentId,
            implant=implantNode,
            implant_segment_id=implantSegmentId,
            method=method,
            **options,
        )
        return run.go(wait=wait)


class CraNeXtCategorizeTest(ScriptedLoadableModuleTest):
    """Divides the sample, for Slicer's button Reload and Test; ``Testing/Slicer`` tests more."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_divides_the_sample(self):
        from CraNeXtLib.slicer_ui.environment.packages import lacking, packages_here
        from CraNeXtLib.slicer_ui.scene.sample_data import load_sample

        skull, implant = load_sample()
        if lacking(packages_here(("run",))):
            self.delayDisplay("The sample is loaded, but packages for dividing it are missing")
            return
        run = CraNeXtCategorizeLogic().process(skull, implantNode=implant)
        assert run.description["implant"]["side"] == "left"
        self.delayDisplay("The sample is divided")
