"""The main job: a defective skull goes in, the complete skull and the implant come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.orientation import orientation_warnings
from CraNeXtLib.anatomy.head.pose import HeadPose, find_pose, pose_warnings
from CraNeXtLib.anatomy.head.skull_mask import skull_mask
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.core.runtime.devices import choose_device
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.expected_error import ExpectedError, summarize
from CraNeXtLib.implant.extraction import extract_implant

STAGE_SHARES = {
    "Loading the model": 0.05,
    "Finding the head": 0.15,
    "Completing the skull": 0.7,
    "Cutting out the implant": 0.1,
}


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What came out, all with the geometry of the input.

    Args:
        defective_skull: The input as a mask of type bool.
        complete_skull: Defective skull and implant together, bool.
        implant: What was missing, bool; shares no voxel with the defective skull.
        pose: How the template lies on the skull.
        model: The model that was used.
        postprocessing: How the implant was cleaned, ``"default"`` or ``"official"``.
        device: Where the network ran, such as ``"cpu"``.
        seconds: Duration of each stage.
        warnings: What the user should know before trusting the result, as sentences.
        agreement: DSC of the implant with the one for the mirrored skull; None if the model was not asked for it.
        expected_error: By how much the implant's outer surface is expected to be off; None if the model cannot tell.
    """

    defective_skull: Volume
    complete_skull: Volume
    implant: Volume
    pose: HeadPose
    model: model_library.Model
    postprocessing: str
    device: str
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    agreement: float | None = None
    expected_error: ExpectedError | None = None


def reconstruct(
    skull: Volume,
    *,
    model: str | Path = model_library.DEFAULT_MODEL,
    device: str = "auto",
    postprocessing: str | None = None,
    progress: ProgressCallback | None = None,
) -> Reconstruction:
    """Complete a defective skull and cut out the implant.

    A head that lies turned is shown to the model upright, also if its header has it upside down; the result lies where
    the skull lies.

    Args:
        skull: Mask of the defective skull, of any orientation and spacing.
        model: Name or folder of a model, see ``cranext models list``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        postprocessing: ``"default"`` or ``"official"`` (paper, section III); by default what the model asks for.
        progress: Told the stage and the fraction of the whole; may raise CancelledError to stop.

    Raises:
        InputError: If the mask, the model or a setting cannot be used.
        NoImplantError: If the model finds nothing missing.
    """
    skull = skull_mask(skull)
    device = choose_device(device)
    stages = Stages(STAGE_SHARES, progress)
    with stages.stage("Loading the model"):
        chosen = model_library.find(model)
        completer = load_model(chosen)
    postprocessing = postprocessing or chosen.description.get("postprocessing", "default")
    with stages.stage("Finding the head"):
        doubts = orientation_warnings(skull)
        pose = find_pose(skull, any_way_up=bool(doubts))
        doubts += pose_warnings(pose, skull)
    with stages.stage("Completing the skull") as update:
        proposal = completer.propose(pose.upright(skull), device=device, progress=update)
    with stages.stage("Cutting out the implant"):
        part = skull.crop(proposal.box)
        missing = extract_implant(
            part,
            part.with_voxels(proposal.probability),
            postprocessing=postprocessing,
            threshold=proposal.threshold,
        )
        if not missing.voxels.any():
            raise NoImplantError(
                f"Model '{chosen.name}' found nothing missing in this skull, so there is no implant to make."
            )
        voxels = np.zeros_like(skull.voxels)
        voxels[proposal.box] = missing.voxels
        implant = skull.with_voxels(voxels)
        expected = None
        if proposal.expected_error is not None:
            errors = np.zeros_like(skull.voxels, dtype=np.float16)
            errors[proposal.box] = np.where(missing.voxels, proposal.expected_error, 0)
            expected = summarize(skull.with_voxels(errors), implant, pose)
    return Reconstruction(
        defective_skull=skull,
        complete_skull=skull.with_voxels(skull.voxels | voxels),
        implant=implant,
        pose=pose,
        model=chosen,
        postprocessing=postprocessing,
        device=device,
        seconds=stages.seconds,
        warnings=(*doubts, *proposal.warnings, *(expected.warnings if expected else ())),
        agreement=proposal.agreement,
        expected_error=expected,
    )
