"""Reconstruction: from a defective skull to the complete skull and the implant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.filled_inside import solid_warnings
from CraNeXtLib.anatomy.head.orientation import orientation_warnings
from CraNeXtLib.anatomy.head.pose import HeadPose, check_pose, find_pose, is_plausible
from CraNeXtLib.anatomy.head.pose_warnings import pose_warnings
from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import explaining, load_model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.completion.shape_model.completer import PCACompleter
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.core.runtime.devices import choose_device
from CraNeXtLib.geometry.box import Box, foreground_box
from CraNeXtLib.geometry.lattice import box_on_lattice, directed, on_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_choice import FoundDefect, choice_warnings, find_defects, with_pieces
from CraNeXtLib.implant.expected_error import ExpectedError, summarize
from CraNeXtLib.implant.extraction import extract_implant
from CraNeXtLib.implant.padding import NOTHING_ADDED, AddedVoxels, added_voxels, padded_for_implant
from CraNeXtLib.implant.skull_base import base_warnings

_DIRECTIONS = "LPS"
"""Directions of the array axes in which a skull is completed, those of DICOM and of most NRRD files."""
_STAGE_SHARES = {
    "Loading the model": 0.05,
    "Finding the head": 0.15,
    "Completing the skull": 0.7,
    "Extracting the implant": 0.1,
}


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """The complete skull and the implant, on the grid of the input, grown where the implant reaches beyond it.

    Args:
        defective_skull: The input as a mask of type bool.
        implant: What was missing, bool; shares no voxel with the defective skull.
        pose: Pose of the template on the skull.
        model: The model that was used.
        postprocessing: How the implant was cleaned, ``"default"`` or ``"official"``.
        device: Device that the network ran on, such as ``"cpu"``.
        seconds: Duration of each stage.
        warnings: What the user should know before relying on the result, one sentence each.
        agreement: DSC of the implant and the one for the mirrored skull; None if the model does not compute it.
        expected_error: Expected error of the implant's outer surface; None if the model cannot estimate it.
        added_voxels: By how many voxels the grid was grown before the first and after the last one, along each axis.
        found_defects: All places where bone seems to be missing, those that the implant leaves out included.
    """

    defective_skull: Volume
    implant: Volume
    pose: HeadPose
    model: model_library.Model
    postprocessing: str
    device: str
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    agreement: float | None = None
    expected_error: ExpectedError | None = None
    added_voxels: AddedVoxels = NOTHING_ADDED
    found_defects: tuple[FoundDefect, ...] = ()

    @property
    def complete_skull(self) -> Volume:
        """Defective skull and implant together, bool."""
        return self.defective_skull.with_voxels(self.defective_skull.voxels | self.implant.voxels)


def reconstruct(
    skull: Volume,
    *,
    model: str | Path = model_library.DEFAULT_MODEL,
    device: str = "auto",
    postprocessing: str | None = None,
    defects: Sequence[int] | str | None = None,
    quick: bool = False,
    progress: ProgressCallback | None = None,
) -> Reconstruction:
    """Complete a defective skull and extract the implant.

    The model sees the head upright, however it lies in the scan and even if the header has it upside down, and with
    padding around it, however close to the bone the volume ends. The result has the skull's own position, and is the
    same whichever way the array's axes point.

    Args:
        skull: Mask of the defective skull, of any orientation and spacing.
        model: Name or folder of a model; see ``cranext models list``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``; for the bundled models, ``"auto"`` is the CPU.
        postprocessing: ``"default"`` or ``"official"`` (paper, section III); by default, what the model specifies.
        defects: Numbers of the defects to make, ``"all"``, or None for those that are not doubtful; see
            :mod:`CraNeXtLib.implant.defect_choice`.
        quick: Whether a shape model may look at less of the bone, as for a preview.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Raises:
        InputError: If the mask, the model or a setting is invalid, or too much of the mask is no bone.
        NoImplantError: If the model finds no defect; it holds the warnings so far.
    """
    given = skull_mask(skull)
    skull = directed(given, _DIRECTIONS)
    skull = skull.with_voxels(np.asfortranarray(skull.voxels))  # as files are read, and fastest
    stages = Stages(_STAGE_SHARES, progress)
    with stages.stage("Loading the model"):
        chosen = model_library.find(model)
        completer = load_model(chosen)
        device = choose_device(device, light=completer.light)
    postprocessing = postprocessing or chosen.description.get("postprocessing", "default")
    with stages.stage("Finding the head"):
        warnings = orientation_warnings(skull)
        pose = find_pose(skull, any_way_up=bool(warnings))
        check_pose(pose)
        warnings += solid_warnings(skull, pose)
        padded = padded_for_implant(skull, pose)
        warnings += pose_warnings(pose, padded.skull)
        if quick and isinstance(completer, PCACompleter):
            completer = completer.quick(pose.similarity if is_plausible(pose) else None)
    with stages.stage("Completing the skull") as update:
        with explaining(chosen, "an error within it"):
            proposal = completer.propose(pose.upright(padded.skull), device=device, progress=update)
        warnings += proposal.warnings
    with stages.stage("Extracting the implant"):
        whole = _implant_of(proposal, padded.skull, postprocessing)
        if not whole.voxels.any():
            raise NoImplantError(
                f"Model '{chosen.name}' found no defect in this skull, so there is no implant; check that the mask "
                "shows the hole.",
                warnings=warnings,
            )
        pieces, found = find_defects(whole, padded.skull, pose, defects)
        if not all(defect.made for defect in found):
            whole = with_pieces(whole, [piece for piece, defect in zip(pieces, found, strict=True) if defect.made])
        warnings += choice_warnings(found)
        expected = _expected_error_of(proposal, whole, pose)
        warnings += padded.edge_warnings(whole) + base_warnings(whole, pose)
        part = padded.part(padded.box_with(whole))
        turned, box = _part_on(given, whole, part)
        bone = on_box(given, box)
        inside = foreground_box(turned.voxels)
        voxels = bone.zeros(bool)  # in the bone's order of memory, to be combined with it in a tenth of the time
        voxels[inside] = turned.voxels[inside]
        implant = bone.with_voxels(voxels)
    if expected:
        warnings += expected.warnings
        error, _ = _part_on(given, expected.volume, part)
        expected = replace(expected, volume=bone.with_voxels(error.voxels))
    return Reconstruction(
        defective_skull=bone,
        implant=implant,
        pose=pose,
        model=chosen,
        postprocessing=postprocessing,
        device=device,
        seconds=stages.seconds,
        warnings=tuple(warnings),
        agreement=proposal.agreement,
        expected_error=expected,
        added_voxels=added_voxels(box, given),
        found_defects=found,
    )


def _part_on(grid: Volume, volume: Volume, part: Box) -> tuple[Volume, Box]:
    """Return a part of a volume with axes as those of a grid of its lattice, and its box in the grid's indices."""
    found = box_on_lattice(volume.crop(part), grid)
    assert found is not None, "the lattice is the same"
    return found


def _implant_of(proposal: Proposal, skull: Volume, postprocessing: str) -> Volume:
    """Return the mask of the implant that a model proposes, of the skull's geometry."""
    part = skull.crop(proposal.box)
    missing = extract_implant(
        part, part.with_voxels(proposal.probability), postprocessing=postprocessing, threshold=proposal.threshold
    )
    voxels = skull.zeros(bool)
    voxels[proposal.box] = missing.voxels
    return skull.with_voxels(voxels)


def _expected_error_of(proposal: Proposal, implant: Volume, pose: HeadPose) -> ExpectedError | None:
    """Return the expected error that a model proposes, at the voxels of the implant only."""
    if proposal.expected_error is None:
        return None
    errors = implant.zeros(np.float16)
    errors[proposal.box] = np.where(implant.voxels[proposal.box], proposal.expected_error, 0)
    return summarize(implant.with_voxels(errors), implant, pose)
