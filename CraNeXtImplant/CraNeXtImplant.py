"""Slicer module: a skull with a hole goes in, an implant comes out."""

import importlib.util
import sys
from pathlib import Path

from slicer.ScriptedLoadableModule import ScriptedLoadableModule, ScriptedLoadableModuleLogic

# An installed extension has the library beside this file, where Slicer finds it; a source checkout has it beside this
# folder, which Slicer's module paths do not contain.
if importlib.util.find_spec("CraNeXtLib") is None:
    sys.path.append(str(Path(__file__).resolve().parents[1]))

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.slicer_ui.translation import _


class CraNeXtImplant(ScriptedLoadableModule):
    """What Slicer shows about the module. It has no panel yet, so it is hidden from the module menu."""

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
        parent.hidden = True


class CraNeXtImplantLogic(ScriptedLoadableModuleLogic):
    """Makes and measures implants without a panel, for the Python console and for scripts.

    >>> logic = CraNeXtImplantLogic()  # doctest: +SKIP
    >>> run = logic.process(slicer.util.getNode("Skull"))  # doctest: +SKIP
    >>> run.segmentation, run.model, run.description["implant_volume_ml"]  # doctest: +SKIP
    >>> logic.evaluate(run.segmentation, slicer.util.getNode("Truth"), run.segmentation).table  # doctest: +SKIP
    """

    def process(
        self,
        inputNode,
        outputSegmentation=None,
        outputModel=None,
        *,
        segmentId=None,
        model=None,
        device="auto",
        postprocessing=None,
        python=None,
        progress=None,
        wait=True,
        ended=None,
    ):
        """Reconstruct a defective skull in a child process.

        Args:
            inputNode: A vtkMRMLSegmentationNode or a vtkMRMLLabelMapVolumeNode that holds the defective skull.
            outputSegmentation: Gets the segments Defective skull, Complete skull and Implant, with the geometry of
                the input; None for a new node.
            outputModel: Gets the implant's surface; None for a new node.
            segmentId: The skull's segment, if there are several.
            model: Name or folder of the model to use; None for the default.
            device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
            postprocessing: ``"default"`` or ``"official"``; None for what the model asks for.
            python: A Python with CraNeXt's dependencies to use instead of Slicer's.
            progress: Called with the stage and the fraction of the whole, 0 to 1.
            wait: Whether to wait for the end; else the event loop goes on with the work.
            ended: Called once with the run when it has ended, one way or another.

        Returns:
            An :class:`CraNeXtLib.slicer_ui.implant_run.ImplantRun`: ``segmentation``, ``model`` and ``description`` of
            a finished one are the result; ``cancel()`` stops one that goes on.

        Raises:
            InputError: If the input or a setting cannot be used.
            NoImplantError: If nothing is missing.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed otherwise. The last three only if it waits; else ``raise_error()`` of
                the finished run does.
        """
        from CraNeXtLib.slicer_ui.implant_run import ImplantRun

        settings = {"device": device, "postprocessing": postprocessing} | ({"model": str(model)} if model else {})
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
        if wait:
            run.wait()
        else:
            run.follow()
        return run

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
            An :class:`CraNeXtLib.slicer_ui.evaluation_run.EvaluationRun`: ``table`` of a finished one holds metrics and
            checklist, ``models`` the distances painted on surfaces by their names, ``description`` all numbers;
            ``cancel()`` stops one that goes on.

        Raises:
            InputError: If a node cannot be used, or the nodes differ in geometry or transform.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed otherwise. The last two only if it waits; else ``raise_error()`` of the
                finished run does.
        """
        from CraNeXtLib.slicer_ui.evaluation_run import EvaluationRun

        run = EvaluationRun(
            (implantNode, implantSegmentId),
            (referenceNode, referenceSegmentId),
            (skullNode, skullSegmentId),
            python=python,
            progress=progress,
            ended=ended,
        )
        if wait:
            run.wait()
        else:
            run.follow()
        return run
