"""Slicer module: a skull goes in, its eight regions come out."""

import importlib.util
import sys
from pathlib import Path
from typing import Union

import slicer
from slicer import vtkMRMLLabelMapVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
)

# An installed extension has the library beside this file, where Slicer finds it; a source checkout has it beside this
# folder, which Slicer's module paths do not contain.
if importlib.util.find_spec("CraNeXtLib") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.panel_widget import PanelWidget


class CraNeXtCategorize(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CraNeXt Categorize")
        parent.categories = ["CraNeXt"]
        parent.dependencies = ["Segmentations", "Tables"]
        parent.contributors = ["The CraNeXt for 3D Slicer developers"]
        parent.helpText = _(
            "Divides a skull into eight regions and tells which of them a defect takes. {research_use_notice}"
        ).format(research_use_notice=RESEARCH_USE_NOTICE)
        parent.acknowledgementText = _(
            "Method: Kesornsri et al., CraNeXt: Automatic Reconstruction of Skull Implants With Skull Categorization "
            "Technique, IEEE Access 2024, doi 10.1109/ACCESS.2024.3415173. This is an independent implementation. "
            "Template: BodyParts3D, (c) The Database Center for Life Science."
        )


@parameterNodeWrapper
class CraNeXtCategorizeParameterNode:
    """What the user has chosen, saved with the scene.

    Attributes:
        inputNode: The skull, complete or not: a segmentation or a mask.
        segmentId: Its segment.
        implantNode: An implant or a defect in the same space, whose place is asked for; None for none.
        implantSegmentId: Its segment.
        method: ``"default"`` or ``"official"``.
        result: The segmentation of regions that is shown.
    """

    # Slicer 5.10 does not know unions that are written with a bar.
    inputNode: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    segmentId: str
    implantNode: Union[vtkMRMLSegmentationNode, vtkMRMLLabelMapVolumeNode, None]  # noqa: UP007
    implantSegmentId: str
    method: str = "default"
    result: vtkMRMLSegmentationNode


class CraNeXtCategorizeWidget(PanelWidget):
    """The panel; its sections are in ``CraNeXtLib.slicer_ui.categorize_panel``."""

    def make_panel(self, ui):
        """Return the panel of the widgets in the .ui file."""
        from CraNeXtLib.slicer_ui.categorize_panel.panel import CategorizePanel

        self.logic = CraNeXtCategorizeLogic()
        return CategorizePanel(ui, self.logic)


class CraNeXtCategorizeLogic(ScriptedLoadableModuleLogic):
    """Divides skulls into regions without a panel, for the Python console and for scripts.

    >>> run = CraNeXtCategorizeLogic().process(slicer.util.getNode("Skull"))  # doctest: +SKIP
    >>> run.segmentation, run.table, run.description["warnings"]  # doctest: +SKIP
    """

    def getParameterNode(self):
        """Return the scene's parameters of the panel."""
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
        python=None,
        progress=None,
        wait=True,
        ended=None,
    ):
        """Divide a skull, complete or not, into eight regions in a child process.

        Args:
            inputNode: A vtkMRMLSegmentationNode or a vtkMRMLLabelMapVolumeNode that holds the skull. Of what
                CraNeXtImplant made, the segment Defective skull is taken by itself.
            outputSegmentation: Gets a segment for each region, and one of what is undefined, with the geometry of the
                input; empty ones are left out. None for a new node.
            outputTable: Gets voxels, volume, share and outer surface of all regions, empty ones too; None for a new
                node.
            segmentId: The skull's segment, if there are several.
            implantNode: An implant or a defect in the same space, to tell its share in each region and its side; of
                what CraNeXtImplant made, the segment Implant is taken by itself. None for none.
            implantSegmentId: The implant's segment, if there are several.
            method: ``"default"``, or ``"official"`` for the published procedure, errors included.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            progress: Called with the stage and the fraction of the whole, 0 to 1.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            An :class:`CraNeXtLib.slicer_ui.runs.categorization_run.CategorizationRun`: ``segmentation``, ``table`` and
            ``description`` of a finished one are the result; ``cancel()`` stops one that goes on.

        Raises:
            InputError: If the input or a setting cannot be used, or the template does not fit.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed otherwise. The last two only if it waits; else ``raise_error()`` of the
                finished run does.
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
            python=python,
            progress=progress,
            ended=ended,
        )
        return run.go(wait=wait)


class CraNeXtCategorizeTest(ScriptedLoadableModuleTest):
    """The sample, for Slicer's button Reload and Test; ``Testing/Slicer`` tests more."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_divides_the_sample(self):
        from CraNeXtLib.slicer_ui.environment.packages import lacking, packages_here
        from CraNeXtLib.slicer_ui.scene.sample_data import load_sample

        skull, implant = load_sample()
        if lacking(packages_here(("run",))):
            self.delayDisplay("The sample is loaded; packages are missing to divide it")
            return
        run = CraNeXtCategorizeLogic().process(skull, implantNode=implant)
        assert run.description["implant"]["side"] == "left"
        self.delayDisplay("The sample is divided")
