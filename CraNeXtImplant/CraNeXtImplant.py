"""Slicer module: a skull with a hole goes in, an implant comes out."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Union

import slicer
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
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


class CraNeXtImplant(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CraNeXt Implant")
        parent.categories = ["CraNeXt"]
        parent.dependencies = ["Segmentations", "Models"]
        parent.contributors = ["The CraNeXt for 3D Slicer developers"]
        parent.helpText = _(
            "Completes a skull with a hole and makes an implant that can be printed. {research_use_notice}"
        ).format(research_use_notice=RESEARCH_USE_NOTICE)
        parent.acknowledgementText = _(
            "Method: Kesornsri et al., CraNeXt: Automatic Reconstruction of Skull Implants With Skull Categorization "
            "Technique, IEEE Access 2024, doi 10.1109/ACCESS.2024.3415173. This is an independent implementation."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Offer the bundled skull in Slicer's module Sample Data."""
    from CraNeXtLib.slicer_ui.scene import sample_data

    sample_data.register(Path(__file__).parent / "Resources" / "Icons" / "CraNeXtSampleSkull.png")


@parameterNodeWrapper
class CraNeXtImplantParameterNode:
    """What the user has chosen, saved with the scene.

    Attributes:
        inputNode: The defective skull: a segmentation, a mask or a CT.
        segmentId: The skull's segment.
        boneThreshold: For a CT, the lowest value in HU that counts as bone.
        showBone: Whether the slices show what counts as bone.
        model: Name of the model; empty for the default.
        quickPreview: Whether the next implant is a quick preview, which the model plays no part in.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        postprocessing: ``"default"``, ``"official"``, or empty for what the model asks for.
        result: The reconstruction that is shown, edited, finished, evaluated and exported.
        shownSurface: Which of its surfaces the 3D view shows.
        clearance: Of the part to be made, in mm, as all that follow up to perforationBorder;
            see :class:`CraNeXtLib.implant.finishing.FinishSettings`.
        insertion: ``"auto"`` to remove undercuts, ``"none"`` to keep them.
        engraving: Text on the outer side.
        material: What the part is made of, for its weight.
        referenceNode: The implant that should have been made.
        referenceSegmentId: Its segment.
        caseName: Name of the folder of an export.
    """

    # Slicer's wrapper does not know unions that are written with a bar.
    inputNode: Union[vtkMRMLSegmentationNode, vtkMRMLScalarVolumeNode, None]  # noqa: UP007
    segmentId: str
    boneThreshold: Annotated[float, WithinRange(100, 1000)] = 250.0
    showBone: bool = True
    model: str
    quickPreview: bool = False
    device: str = "auto"
    postprocessing: str = ""
    result: vtkMRMLSegmentationNode
    shownSurface: str = "implant"
    clearance: Annotated[float, WithinRange(0, 5)] = 0.5
    edgeRadius: Annotated[float, WithinRange(0, 10)] = 1.0
    underContour: Annotated[float, WithinRange(0, 5)] = 0.0
    minimumThickness: Annotated[float, WithinRange(0, 20)] = 0.0
    maximumThickness: Annotated[float, WithinRange(0, 30)] = 0.0
    perforationDiameter: Annotated[float, WithinRange(0, 20)] = 0.0
    perforationPitch: Annotated[float, WithinRange(1, 100)] = 12.0
    perforationBorder: Annotated[float, WithinRange(0, 100)] = 8.0
    insertion: str = "auto"
    engraving: str = ""
    material: str = "PEEK"
    referenceNode: Union[vtkMRMLSegmentationNode, vtkMRMLScalarVolumeNode, None]  # noqa: UP007
    referenceSegmentId: str
    caseName: str


class CraNeXtImplantWidget(PanelWidget):
    """The panel; its sections are in ``CraNeXtLib.slicer_ui.implant_panel``."""

    def make_panel(self, ui):
        """Return the panel of the widgets in the .ui file."""
        from CraNeXtLib.slicer_ui.implant_panel.panel import ImplantPanel

        self.logic = CraNeXtImplantLogic()
        return ImplantPanel(ui, self.logic)


class CraNeXtImplantLogic(ScriptedLoadableModuleLogic):
    """Makes and measures implants without a panel, for the Python console and for scripts.

    >>> logic = CraNeXtImplantLogic()  # doctest: +SKIP
    >>> run = logic.process(slicer.util.getNode("Skull"))  # doctest: +SKIP
    >>> run.segmentation, run.model, run.description["implant_volume_ml"]  # doctest: +SKIP
    >>> logic.evaluate(run.segmentation, slicer.util.getNode("Truth"), run.segmentation).table  # doctest: +SKIP
    """

    def getParameterNode(self):
        """Return the scene's parameters of the panel."""
        return CraNeXtImplantParameterNode(super().getParameterNode())

    def process(
        self,
        inputNode,
        outputSegmentation=None,
        outputModel=None,
        *,
        segmentId=None,
        boneThreshold=None,
        model=None,
        device="auto",
        postprocessing=None,
        preview=False,
        python=None,
        progress=None,
        wait=True,
        ended=None,
    ):
        """Reconstruct a defective skull in a child process.

        Args:
            inputNode: A vtkMRMLSegmentationNode or volume node that holds the defective skull, or a CT.
            outputSegmentation: Gets the segments Defective skull, Complete skull and Implant, with the geometry of
                the input; None for a new node.
            outputModel: Gets the implant's surface; None for a new node.
            segmentId: The skull's segment, if there are several.
            boneThreshold: For a CT, the lowest value in HU that counts as bone; None for the default.
            model: Name or folder of the model to use; None for the default.
            device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
            postprocessing: ``"default"`` or ``"official"``; None for what the model asks for.
            preview: Make an implant to look at, in seconds, by the shape model alone; it can't be finished or exported.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            progress: Called with the stage and the fraction of the whole, 0 to 1.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            An ``ImplantRun``: ``segmentation``, ``model`` and ``description`` of
            a finished one are the result; ``cancel()`` stops one that goes on.

        Raises:
            InputError: If the input or a setting cannot be used.
            NoImplantError: If nothing is missing.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed otherwise. The last three only if it waits; else ``raise_error()`` of
                the finished run does.
        """
        from CraNeXtLib.slicer_ui.runs.implant_run import ImplantRun

        settings = {"device": device, "postprocessing": postprocessing, "preview": preview}
        settings |= {"model": str(model)} if model else {}
        if boneThreshold is not None:
            settings["bone_threshold_hu"] = boneThreshold
        run = ImplantRun(
            inputNode,
            outputSegmentation,
            outputModel,
            segment_id=segmentId,
            settings=settings,
            python=python,
            progress=progress,
            ended=ended,
        )
        return run.go(wait=wait)

    def evaluate(
        self,
        implantNode,
        referenceNode,
        skullNode,
        *,
        implantSegmentId=None,
        referenceSegmentId=None,
        skullSegmentId=None,
        python=None,
        progress=None,
        wait=True,
        ended=None,
    ):
        """Measure an implant against the one that should have been made, in a child process.

        The nodes are segmentations or labelmap volumes of one geometry. Of what :meth:`process` made, the segments
        Implant and Defective skull are taken by themselves.

        Args:
            implantNode: Holds the implant.
            referenceNode: Holds the implant that should have been made.
            skullNode: Holds the defective skull.
            implantSegmentId: The implant's segment, if there are several.
            referenceSegmentId: The reference's segment, if there are several.
            skullSegmentId: The skull's segment, if there are several.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            progress: Called with the stage and the fraction of the whole, 0 to 1.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            An ``EvaluationRun``: ``table`` of a finished one holds metrics and
            checklist, ``models`` the distances painted on surfaces by their names, ``description`` all numbers;
            ``cancel()`` stops one that goes on.

        Raises:
            InputError: If a node cannot be used, or the nodes differ in geometry or transform.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed otherwise. The last two only if it waits; else ``raise_error()`` of the
                finished run does.
        """
        from CraNeXtLib.slicer_ui.runs.evaluation_run import EvaluationRun

        run = EvaluationRun(
            (implantNode, implantSegmentId),
            (referenceNode, referenceSegmentId),
            (skullNode, skullSegmentId),
            python=python,
            progress=progress,
            ended=ended,
        )
        return run.go(wait=wait)


class CraNeXtImplantTest(ScriptedLoadableModuleTest):
    """The tour of the sample data, for Slicer's button Reload and Test; ``Testing/Slicer`` tests the logic."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_sample_data_loads(self):
        from CraNeXtLib.slicer_ui.scene.sample_data import load_sample

        skull, reference = load_sample()
        assert skull.GetSegmentation().GetNumberOfSegments() == 1
        assert reference.GetSegmentation().GetNumberOfSegments() == 1
        self.delayDisplay("The sample is loaded")
