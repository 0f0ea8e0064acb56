"""Reconstruction of a skull in the scene, from the start of the worker to the filled nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene import result_references
from CraNeXtLib.slicer_ui.scene.evaluation_nodes import remove_evaluation
from CraNeXtLib.slicer_ui.scene.implant_nodes import Result, fill_model, fill_segmentation, read_result
from CraNeXtLib.slicer_ui.scene.map_nodes import fill_map
from CraNeXtLib.slicer_ui.scene.measures_table import fill_measures
from CraNeXtLib.slicer_ui.scene.model_nodes import remove_models
from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask
from CraNeXtLib.slicer_ui.scene.node_volumes import fill_labelmap, is_ct
from CraNeXtLib.slicer_ui.scene.part_nodes import remove_part
from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_nodes import check_holds_voxels, place_beside, reference_to_image
from CraNeXtLib.slicer_ui.scene.result_references import referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.scene.worker_files import write_ct
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ImplantRun(WorkerRun):
    """A worker that reconstructs a skull, and the nodes that receive its result.

    Nodes may be deleted meanwhile: a deleted output node is replaced by a new one.

    Args:
        node: Segmentation, labelmap volume or model of the defective skull, or a CT volume.
        segmentation: Segmentation node to fill; None for a new one.
        model: Model node to fill with the implant's surface; None for a new one.
        segment_id: ID of the skull's segment, needed if there are several.
        donor: Node of the same patient's skull before the craniectomy, of the skull's kind, and the ID of its segment;
            None for no donor.
        settings: Fields of :class:`CraNeXtLib.cases.case_settings.CaseSettings` that differ from the default.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If the input or the segmentation to fill cannot be used.
    """

    def __init__(
        self,
        node: Any,
        segmentation: Any = None,
        model: Any = None,
        *,
        segment_id: str | None = None,
        donor: tuple[Any, str | None] | None = None,
        settings: dict[str, Any],
        **options: Unpack[RunOptions],
    ) -> None:
        self.segmentation = segmentation
        self.model = model
        self.table: Any = None
        self.description: dict[str, Any] | None = None
        self._input = node
        if node is None:
            raise InputError(_("Choose a segmentation, a labelmap volume, a CT or a model under “Skull”."))
        self._ct = is_ct(node)  # of which the worker finds the bone
        self._donor = donor[0] if donor else None
        if donor and is_ct(donor[0]) != self._ct:
            raise InputError(_("Skull and donor differ in kind: choose a CT for both, or a segment for both."))
        if not self._ct:
            chosen = {"skull": (node, segment_id)} | ({"donor": donor} if donor else {})
            self._masks = {role: NodeMask.of(*of_node) for role, of_node in chosen.items()}
        if segmentation is not None:
            check_holds_voxels(segmentation)
        self._name = node.GetName()
        self._segment_id = segment_id
        self._settings = settings
        super().__init__(node.GetScene() or host().scene, **options)

    def _start(self, folder: Path) -> Job:
        settings = self._settings | {"report": False, "finishing": None}  # finishing is a step of its own
        if self._ct:
            skull = str(folder / "skull.nrrd")
            write_ct(self._input, Path(skull))
            settings["ct"] = True
            if self._donor is not None:
                settings["donor"] = str(folder / "donor.nrrd")
                write_ct(self._donor, Path(settings["donor"]))
        else:
            settings.pop("bone_threshold_hu", None)
            skull = self._masks["skull"].write(folder, "skull")
            if "donor" in self._masks:
                settings["donor"] = self._masks["donor"].write(folder, "donor")
        arguments = {"skull": skull, "out": str(folder / "result"), "settings": settings, "for_scene": True}
        return self._start_job("reconstruct", arguments)

    def _deliver(self, folder: Path) -> None:
        result = read_result(folder)
        for source in (result.description["input"], result.description.get("donor", {})):
            source.pop("path", None)  # of a temporary file
        result.description["warnings"] = self._told(result.description["warnings"])
        result.description["input"] |= {"node": self._name, "segment": self._segment_id}
        self.segmentation = self._output(
            self.segmentation, "vtkMRMLSegmentationNode", _("{name} reconstruction").format(name=self._name)
        )
        self.model = self._output(self.model, "vtkMRMLModelNode", _("{name} implant").format(name=self._name))
        skull = None if self._ct else self._masks["skull"].voxels
        if skull is None:  # the worker made the mask
            complete = result.complete_skull
            skull = complete.with_voxels(complete.voxels & ~result.implant.voxels)
        fill_segmentation(self.segmentation, skull, result)
        fill_model(self.model, result)
        self._add_companions(result)
        if self._input.GetScene() is self._scene:
            for node in (self.segmentation, self.model, self.table):
                place_beside(node, self._input)
            reference_to_image(self.segmentation, self._input)
            set_referenced_node(self.segmentation, result_references.INPUT, self._input)
        for remove_outdated in (remove_part, remove_models, remove_evaluation):
            remove_outdated(self.segmentation)
        self.description = result.description

    def _add_companions(self, result: Result) -> None:
        """Add or fill the table of measurements and a copy of the computed implant, for reverting edits."""
        names = {
            result_references.MEASURES: ("vtkMRMLTableNode", _("{name} measures")),
            result_references.COMPUTED: ("vtkMRMLLabelMapVolumeNode", _("{name} implant as computed")),
        }
        nodes = {
            role: self._output(referenced_node(self.segmentation, role), kind, title.format(name=self._name))
            for role, (kind, title) in names.items()
        }
        self.table, computed = nodes.values()
        fill_measures(self.table, result.description)
        fill_labelmap(computed, result.implant.crop(foreground_box(result.implant.voxels)))
        computed.SetHideFromEditors(True)
        error, donor = _("{name} expected error"), _("{name} from the donor")
        self._show_map(
            result_references.EXPECTED_ERROR,
            result.expected_error,
            error.format(name=self._name),
            _("Expected error [mm]"),
        )
        self._show_map(
            result_references.DONOR_MAP, result.donor_map, donor.format(name=self._name), _("From the donor")
        )
        for role, node in (nodes | {result_references.SURFACE: self.model}).items():
            set_referenced_node(self.segmentation, role, node)

    def _show_map(self, role: str, data: Any, name: str, legend: str) -> None:
        """Add or fill the model of a map of the implant; remove an outdated one if there is none."""
        node = referenced_node(self.segmentation, role)
        if data is None:
            remove_node(node)
            return
        node = self._output(node, "vtkMRMLModelNode", name)
        fill_map(node, data, title=legend)
        node.SetDisplayVisibility(False)  # it coincides with the implant
        if self._input.GetScene() is self._scene:
            place_beside(node, self._input)
        set_referenced_node(self.segmentation, role, node)
