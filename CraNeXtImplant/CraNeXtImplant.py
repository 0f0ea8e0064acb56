"""Slicer module that makes an implant for a skull with a defect."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated, Union

import slicer
from slicer import vtkMRMLModelNode, vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
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
from CraNeXtLib.implant import model_ranges
from CraNeXtLib.implant.finishing import settings as finishing
from CraNeXtLib.implant.finishing.fixation_settings import COUNTS, SIZES, FixationSettings
from CraNeXtLib.implant.finishing.segment_settings import JOINT_SIZES, SEGMENT_COUNTS, SegmentSettings
from CraNeXtLib.implant.finishing.settings import FinishSettings
from CraNeXtLib.implant.mold import settings as molds
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.panel_widget import PanelWidget


class CraNeXtImplant(ScriptedLoadableModule):
    """Title, category and help of the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("CraNeXt Implant")
        parent.categories = ["CraNeXt"]
        parent.dependencies = ["Segmentations", "Models"]
        parent.contributors = ["The CraNeXt for 3D Slicer developers"]
        parent.helpText = _(
            "Completes a skull with a defect, and makes an implant: finished for 3D printing with plates and holes, "
            "its mold to cast it, models of bone to try it in, and the folder of the case. {research_use_notice}"
        ).format(research_use_notice=RESEARCH_USE_NOTICE)
        parent.acknowledgementText = _(
            "Method: Kesornsri et al., CraNeXt: Automatic Reconstruction of Skull Implants With Skull Categorization "
            "Technique, IEEE Access 2024, doi 10.1109/ACCESS.2024.3415173. This is an independent implementation."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


def registerSampleData():
    """Register the bundled skull with Slicer's module Sample Data."""
    from CraNeXtLib.slicer_ui.scene import sample_data

    sample_data.register(Path(__file__).parent / "Resources" / "Icons" / "CraNeXtSampleSkull.png")


@parameterNodeWrapper
class CraNeXtImplantParameterNode:
    """Parameters of the panel, saved with the scene.

    Attributes:
        inputNode: The defective skull: a segmentation, a mask, a CT or a model.
        segmentId: ID of the skull's segment.
        boneThreshold: Lowest CT value of bone, in HU.
        showBone: Whether the slices show a preview of the bone.
        donorNode: The same patient's skull before the craniectomy; None for no donor.
        donorSegmentId: ID of its segment.
        model: Name of the model; empty for the default.
        quickPreview: Whether to make a quick preview, by the shape model alone.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        postprocessing: ``"default"``, ``"official"``, or empty for the one that the model recommends.
        result: The reconstruction that is shown, edited, finished, evaluated and exported.
        shownSurface: Key of the result's surface that the 3D view shows.
        editedNode: An implant that was edited in another program.
        editedSegmentId: ID of the edited implant's segment.
        clearance: In mm, like all lengths down to ``perforationBorder``; for these and ``insertion`` and ``engraving``
            see :class:`CraNeXtLib.implant.finishing.FinishSettings`.
        plates: For it and what follows down to ``midline`` see
            :class:`CraNeXtLib.implant.finishing.fixation_settings.FixationSettings`.
        segmentCount: 1 for a part in one; for it and what follows down to ``segmentJointGap`` see
            :class:`CraNeXtLib.implant.finishing.segment_settings.SegmentSettings`.
        material: Material of the finished part, for its weight.
        gapLimit: In mm, 0 for the one that goes with the clearance; for it and the other limits see
            :class:`CraNeXtLib.implant.fit.fit_limits.FitLimits`.
        moldOpening: For it and what follows down to ``moldRing`` see
            :class:`CraNeXtLib.implant.mold.settings.MoldSettings`; directions and sizes are three numbers with commas.
        springForm: Whether to make a spring form, too.
        referenceNode: The reference implant.
        referenceSegmentId: ID of the reference implant's segment.
        caseName: Name of the case folder of an export.
        boneModel: How far around the implant bone is made as a model to print, in mm; 0 for no model.
        boneBase: Thickness of a base below that model, in mm; 0 for no base.
        skullModel: How far a model of the whole skull may be from it, in mm; 0 for no model.
        onlayThickness: Thickness of a titanium sheet over the defect, in mm; 0 for no sheet.
        onlayOverlap: How far the sheet reaches over the bone, in mm.
        viewerFile: Whether an export has a scene for viewers.
    """

    # Slicer's parameter node wrapper does not support unions written with a bar.
    inputNode: Union[vtkMRMLSegmentationNode, vtkMRMLScalarVolumeNode, vtkMRMLModelNode, None]  # noqa: UP007
    segmentId: str
    boneThreshold: Annotated[float, WithinRange(100, 1000)] = 250.0
    showBone: bool = True
    donorNode: Union[vtkMRMLSegmentationNode, vtkMRMLScalarVolumeNode, vtkMRMLModelNode, None]  # noqa: UP007
    donorSegmentId: str
    model: str
    quickPreview: bool = False
    device: str = "auto"
    postprocessing: str = ""
    result: vtkMRMLSegmentationNode
    shownSurface: str = "implant"
    editedNode: Union[vtkMRMLModelNode, vtkMRMLSegmentationNode, vtkMRMLScalarVolumeNode, None]  # noqa: UP007
    editedSegmentId: str
    clearance: Annotated[float, WithinRange(*finishing.RANGES["clearance_mm"])] = FinishSettings.clearance_mm
    edgeRadius: Annotated[float, WithinRange(*finishing.RANGES["edge_radius_mm"])] = FinishSettings.edge_radius_mm
    minimumWall: Annotated[float, WithinRange(*finishing.RANGES["minimum_wall_mm"])] = FinishSettings.minimum_wall_mm
    rimBevel: Annotated[float, WithinRange(*finishing.RANGES["rim_bevel_deg"])] = FinishSettings.rim_bevel_deg
    underContour: Annotated[float, WithinRange(*finishing.RANGES["under_contour_mm"])] = FinishSettings.under_contour_mm
    temporalBulk: Annotated[float, WithinRange(*finishing.RANGES["temporal_bulk_ml"])] = FinishSettings.temporal_bulk_ml
    minimumThickness: Annotated[float, WithinRange(*finishing.RANGES["minimum_thickness_mm"])] = (
        FinishSettings.minimum_thickness_mm
    )
    maximumThickness: Annotated[float, WithinRange(*finishing.RANGES["maximum_thickness_mm"])] = (
        FinishSettings.maximum_thickness_mm
    )
    perforationDiameter: Annotated[float, WithinRange(*finishing.RANGES["perforation_diameter_mm"])] = (
        FinishSettings.perforation_diameter_mm
    )
    perforationPitch: Annotated[float, WithinRange(*finishing.RANGES["perforation_pitch_mm"])] = (
        FinishSettings.perforation_pitch_mm
    )
    perforationBorder: Annotated[float, WithinRange(*finishing.RANGES["perforation_border_mm"])] = (
        FinishSettings.perforation_border_mm
    )
    insertion: str = FinishSettings.insertion
    engraving: str = FinishSettings.engraving
    plates: Annotated[int, WithinRange(*COUNTS["plates"])] = FixationSettings.plates
    plateSpacing: Annotated[float, WithinRange(*SIZES["plate_spacing_mm"])] = FixationSettings.plate_spacing_mm
    plateKind: str = FixationSettings.plate_kind
    plateLength: Annotated[float, WithinRange(*SIZES["plate_length_mm"])] = FixationSettings.plate_length_mm
    plateWidth: Annotated[float, WithinRange(*SIZES["plate_width_mm"])] = FixationSettings.plate_width_mm
    plateThickness: Annotated[float, WithinRange(*SIZES["plate_thickness_mm"])] = FixationSettings.plate_thickness_mm
    screwsPerSide: Annotated[int, WithinRange(*COUNTS["screws_per_side"])] = FixationSettings.screws_per_side
    screwDiameter: Annotated[float, WithinRange(*SIZES["screw_diameter_mm"])] = FixationSettings.screw_diameter_mm
    screwEdge: Annotated[float, WithinRange(*SIZES["screw_edge_mm"])] = FixationSettings.screw_edge_mm
    screwDepth: Annotated[float, WithinRange(*SIZES["screw_depth_mm"])] = FixationSettings.screw_depth_mm
    sutureHoles: Annotated[int, WithinRange(*COUNTS["suture_holes"])] = FixationSettings.suture_holes
    suspensionHoles: Annotated[int, WithinRange(*COUNTS["suspension_holes"])] = FixationSettings.suspension_holes
    holeDiameter: Annotated[float, WithinRange(*SIZES["hole_diameter_mm"])] = FixationSettings.hole_diameter_mm
    holeEdge: Annotated[float, WithinRange(*SIZES["hole_edge_mm"])] = FixationSettings.hole_edge_mm
    spur: Annotated[float, WithinRange(*SIZES["spur_mm"])] = FixationSettings.spur_mm
    midline: Annotated[float, WithinRange(*SIZES["midline_mm"])] = FixationSettings.midline_mm
    segmentCount: Annotated[int, WithinRange(1, SEGMENT_COUNTS[1])] = 1
    segmentJoint: str = SegmentSettings.joint
    segmentLap: Annotated[float, WithinRange(*JOINT_SIZES["lap_mm"])] = SegmentSettings.lap_mm
    segmentJointGap: Annotated[float, WithinRange(*JOINT_SIZES["joint_gap_mm"])] = SegmentSettings.joint_gap_mm
    material: str = "PEEK"
    gapLimit: Annotated[float, WithinRange(0, 10)] = 0.0
    overlapLimit: Annotated[float, WithinRange(0, 10)] = 0.3
    rimLimit: Annotated[float, WithinRange(0, 100)] = 95.0
    seatLimit: Annotated[float, WithinRange(-90, 90)] = -5.0
    wallLimit: Annotated[float, WithinRange(0, 10)] = 2.0
    collisionLimit: Annotated[float, WithinRange(0, 10)] = 0.3
    moldOpening: str = MoldSettings.opening
    moldUndercut: Annotated[float, WithinRange(*molds.RANGES["undercut_mm"])] = MoldSettings.undercut_mm
    moldWall: Annotated[float, WithinRange(*molds.RANGES["wall_mm"])] = MoldSettings.wall_mm
    moldLand: Annotated[float, WithinRange(*molds.RANGES["land_mm"])] = MoldSettings.land_mm
    moldChannel: Annotated[float, WithinRange(*molds.RANGES["channel_mm"])] = MoldSettings.channel_mm
    moldSprue: Annotated[float, WithinRange(*molds.RANGES["sprue_mm"])] = MoldSettings.sprue_mm
    moldVents: Annotated[int, WithinRange(*molds.RANGES["vents"])] = MoldSettings.vents
    moldVent: Annotated[float, WithinRange(*molds.RANGES["vent_mm"])] = MoldSettings.vent_mm
    moldKeys: Annotated[int, WithinRange(*molds.RANGES["keys"])] = MoldSettings.keys
    moldKey: Annotated[float, WithinRange(*molds.RANGES["key_mm"])] = MoldSettings.key_mm
    moldKeyClearance: Annotated[float, WithinRange(*molds.RANGES["key_clearance_mm"])] = MoldSettings.key_clearance_mm
    moldPressMargin: Annotated[float, WithinRange(*molds.RANGES["press_margin_mm"])] = MoldSettings.press_margin_mm
    moldPour: str = MoldSettings.pour
    moldShrinkage: Annotated[float, WithinRange(*molds.RANGES["shrinkage_percent"])] = MoldSettings.shrinkage_percent
    moldBuild: str
    moldRing: Annotated[float, WithinRange(*molds.RANGES["ring_mm"])] = MoldSettings.ring_mm
    springForm: bool = False
    referenceNode: Union[vtkMRMLSegmentationNode, vtkMRMLScalarVolumeNode, vtkMRMLModelNode, None]  # noqa: UP007
    referenceSegmentId: str
    caseName: str
    boneModel: Annotated[float, WithinRange(0, model_ranges.BONE_MODEL_MM[1])] = 0.0
    boneBase: Annotated[float, WithinRange(0, model_ranges.BONE_BASE_MM[1])] = 0.0
    skullModel: Annotated[float, WithinRange(0, model_ranges.SKULL_MODEL_MM[1])] = 0.0
    onlayThickness: Annotated[float, WithinRange(0, model_ranges.ONLAY_THICKNESS_MM[1])] = 0.0
    onlayOverlap: Annotated[float, WithinRange(*model_ranges.ONLAY_OVERLAP_MM)] = 10.0
    viewerFile: bool = False


class CraNeXtImplantWidget(PanelWidget):
    """The panel; its sections are in ``CraNeXtLib.slicer_ui.implant_panel``."""

    def make_panel(self, ui):
        """Return the panel, given the widgets of the .ui file."""
        from CraNeXtLib.slicer_ui.implant_panel.panel import ImplantPanel

        self.logic = CraNeXtImplantLogic()
        return ImplantPanel(ui, self.logic)


class CraNeXtImplantLogic(ScriptedLoadableModuleLogic):
    """Makes and evaluates implants without the panel, for the Python console and scripts.

    >>> logic = CraNeXtImplantLogic()  # doctest: +SKIP
    >>> run = logic.process(slicer.util.getNode("Skull"))  # doctest: +SKIP
    >>> run.segmentation, run.model, run.description["implant_volume_ml"]  # doctest: +SKIP
    >>> logic.evaluate(run.segmentation, slicer.util.getNode("Truth"), run.segmentation).table  # doctest: +SKIP
    """

    def getParameterNode(self):
        """Return the parameters of the panel in the scene."""
        return CraNeXtImplantParameterNode(super().getParameterNode())

    def process(
        self,
        inputNode,
        outputSegmentation=None,
        outputModel=None,
        *,
        segmentId=None,
        boneThreshold=None,
        donorNode=None,
        donorSegmentId=None,
        model=None,
        device="auto",
        postprocessing=None,
        defects=None,
        preview=False,
        wait=True,
        **options,
    ):
        """Reconstruct a defective skull in a child process.

        Args:
            inputNode: vtkMRMLSegmentationNode, volume node or vtkMRMLModelNode with the defective skull, or a CT.
            outputSegmentation: Receives the segments Defective skull, Complete skull and Implant in the geometry of the
                input; None for a new node.
            outputModel: Receives the implant's surface; None for a new node.
            segmentId: ID of the skull's segment, needed if there are several.
            boneThreshold: Lowest CT value of bone, in HU; None for the default.
            donorNode: Node of the same patient's skull before the craniectomy, a CT for a CT; where it has bone, the
                implant is that.
            donorSegmentId: ID of its segment, needed if there are several.
            model: Name or folder of the model; None for the default.
            device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
            postprocessing: ``"default"`` or ``"official"``; None for the one that the model recommends.
            defects: Numbers of the defects to make, such as ``"1,3"``, or ``"all"``; None for all but doubtful ones.
            preview: Make a quick preview by the shape model alone. It is for visual inspection only: do not manufacture
                it. It cannot be finished or exported.
            wait: Whether to wait for the end; otherwise Slicer's event loop continues the run.
            options: ``python``, ``progress`` and ``ended`` of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

        Returns:
            A :class:`CraNeXtLib.slicer_ui.runs.implant_run.ImplantRun` with ``segmentation``, ``model`` and
            ``description`` when it has finished. ``cancel()`` stops it.

        Raises:
            InputError: If the input or a setting cannot be used.
            NoImplantError: If the skull has no defect. This and the following are raised only if ``wait`` is true;
                otherwise ``raise_error()`` of the finished run raises them.
            CancelledError: If ``progress`` raised it, or the scene was closed.
            RuntimeError: If the worker failed in another way.
        """
        from CraNeXtLib.slicer_ui.runs.implant_run import ImplantRun

        settings = {"device": device, "postprocessing": postprocessing, "defects": defects, "preview": preview}
        settings |= {"model": str(model)} if model else {}
        if boneThreshold is not None:
            settings["bone_threshold_hu"] = boneThreshold
        donor = None if donorNode is None else (donorNode, donorSegmentId)
        run = ImplantRun(
            inputNode,
            outputSegmentation,
            outputModel,
            segment_id=segmentId,
            donor=donor,
            settings=settings,
            **options,
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
        wait=True,
        **options,
    ):
        """Compare an implant with a reference implant in a child process.

        The nodes are segmentations or labelmap volumes of one geometry, or models. In a result of :meth:`process`, the
        segments Implant and Defective skull are the defaults.

        Args:
            implantNode: Node with the implant.
            referenceNode: Node with the reference implant.
            skullNode: Node with the defective skull.
            implantSegmentId: ID of the implant's segment, needed if there are several.
            referenceSegmentId: ID of the reference implant's segment, needed if there are several.
            skullSegmentId: ID of the skull's segment, needed if there are several.
            wait: See :meth:`process`.
            options: See :meth:`process`.

        Returns:
            An :class:`CraNeXtLib.slicer_ui.runs.evaluation_run.EvaluationRun`. When it has finished, ``table`` holds
            metrics and checklist, ``models`` the distance maps by name, and ``description`` all numbers.

        Raises:
            InputError: If a node cannot be used, or the nodes differ in geometry or transform.
            CancelledError: See :meth:`process`.
            RuntimeError: See :meth:`process`.
        """
        from CraNeXtLib.slicer_ui.runs.evaluation_run import EvaluationRun

        implant, reference = (implantNode, implantSegmentId), (referenceNode, referenceSegmentId)
        return EvaluationRun(implant, reference, (skullNode, skullSegmentId), **options).go(wait=wait)


class CraNeXtImplantTest(ScriptedLoadableModuleTest):
    """Loads the sample, for Slicer's button Reload and Test; ``Testing/Slicer`` tests the logic."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def test_sample_data_loads(self):
        from CraNeXtLib.slicer_ui.scene.sample_data import load_sample

        skull, reference = load_sample()
        assert skull.GetSegmentation().GetNumberOfSegments() == 1
        assert reference.GetSegmentation().GetNumberOfSegments() == 1
        self.delayDisplay("The sample is loaded")
