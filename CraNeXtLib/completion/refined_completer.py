"""Completing a skull in steps: a shape model proposes, a network on the head's own grid refines, another the face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion.face_completer import FaceCompleter
from CraNeXtLib.completion.grid_completion import OnGrid
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.completion.shape_model.completer import THIN_BONED, PCACompleter, Placed
from CraNeXtLib.completion.shape_model.filling import shares
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import enclosing_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.networks.cranext_refiner import CraNeXtRefiner
from CraNeXtLib.networks.inference import runner

# Where both speak, their weighted mean beats either: the shape model is finer than the grid and holds on skulls of
# other sources, the network sees more. A proposal alone makes no bone that the network rules out: it has under half.
PROPOSAL_WEIGHT = 0.45
# In the face its network, which sees finer than the head's, has most of the say. Beside the shape model it hasn't where
# bone is thin: few skulls of its training have such, and the shape model measures how thin.
FACE_WEIGHT, PROPOSAL_WEIGHT_IN_FACE = 0.8, 0.2
NETWORK_PREFIX, MEAN_SKULL = "network.", "mean_skull"


@dataclass(frozen=True, eq=False)
class RefinedCompleter:
    """A shape model and the network that refines it, at work.

    Args:
        shape_model: Proposes the vault.
        network: Takes the channels of ``CraNeXtRefiner``.
        grid: The network's grid.
        mean_skull: Share of bone of the mean skull on that grid.
        face: Completes the upper face; None in a model without.
    """

    shape_model: PCACompleter
    network: CraNeXtRefiner
    grid: ModelSpaceGrid
    mean_skull: np.ndarray
    face: FaceCompleter | None = None

    @classmethod
    def load(cls, model: Model, *, shape_model: PCACompleter) -> RefinedCompleter:
        """Load the weights of a model folder.

        Args:
            model: The model.
            shape_model: The one that it was trained with.

        Raises:
            InputError: If the folder does not hold such a model.
        """
        from safetensors.torch import load_file

        description = model.description
        try:
            tensors = load_file(model.weights)
            network = CraNeXtRefiner(**description["network"]["options"])
            network.load_state_dict(refiner_weights(tensors))
            grid = ModelSpaceGrid(shape_model.model.surface, tuple(description["grid"]["shape"]))
            mean = tensors[MEAN_SKULL].numpy().astype(np.float32) / 255
            face = FaceCompleter.of(description["face"], tensors, grid, mean) if "face" in description else None
        except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
            raise InputError(
                f"The weights of model '{model.name}' do not fit it; import or install it again."
            ) from error
        return cls(shape_model, network.eval(), grid, mean, face)

    def propose(
        self, skull: Volume, *, device: str = "cpu", progress: Callable[[float], None] | None = None
    ) -> Proposal:
        """Complete a defective skull.

        Args:
            skull: Mask of the defective skull, of any orientation and spacing.
            device: Where the network runs.
            progress: Told the fraction done; may raise to stop.

        Returns:
            The share of bone in a box around all that is added.

        Raises:
            InputError: If the skull is no brain case.
        """
        progress = progress or (lambda _: None)
        placed = self.shape_model.fill(skull, lambda fraction: progress(0.6 * fraction))
        notes: list[str] = []
        work = {"device": device, "notify": notes.append}
        channels = self.channels(placed)
        head = self._complete(channels, **work, progress=lambda part: progress(0.6 + 0.3 * part))
        face = self.face and self.face.complete(placed, **work, progress=lambda part: progress(0.9 + 0.1 * part))
        return self._together(skull, placed, channels[1], head, face, tuple(notes))

    def channels(self, placed: Placed) -> np.ndarray:
        """Return the network's input, (3, X, Y, Z)."""
        bone = self.grid.sample(placed.occupancy, placed.alignment)
        return np.stack([bone, placed.filling.on_grid(self.grid), self.mean_skull])

    def _complete(
        self,
        channels: np.ndarray,
        *,
        device: str,
        notify: Callable[[str], None],
        progress: Callable[[float], None],
    ) -> OnGrid:
        """Return what the network makes of a skull."""
        x = torch.as_tensor(channels)[None]
        with torch.inference_mode():
            logits = runner(self.network.network, device=device, notify=notify)(x, progress=progress)
            implant = torch.sigmoid(logits + self.network.proposed(x))[0, 0].numpy()
        return OnGrid.of(self.grid, channels[0], implant)

    def _together(
        self,
        skull: Volume,
        placed: Placed,
        proposed: np.ndarray,
        head: OnGrid,
        face: OnGrid | None,
        notes: tuple[str, ...],
    ) -> Proposal:
        """Weigh what shape model and networks say, in the skull's voxels."""
        alignment = placed.alignment
        likely = np.maximum(head.complete, head.complete + PROPOSAL_WEIGHT * (proposed - head.complete))
        boxes = head.boxes(likely, skull, alignment) + (face.boxes(face.complete, skull, alignment) if face else [])
        if not boxes:
            return Proposal((slice(0, 1),) * 3, np.zeros((1, 1, 1), np.float32), notes=notes)
        box = enclosing_box(boxes)
        part = skull.crop(box)
        refined, trust = head.grid.restore(head.complete, part, alignment), PROPOSAL_WEIGHT
        if face:
            finer, say = (face.grid.restore(values, part, alignment) for values in (face.complete, self.face.say))
            refined += FACE_WEIGHT * say * (finer - refined)
            if self.shape_model.thickness_share(placed.filling) >= THIN_BONED:
                trust = PROPOSAL_WEIGHT + say * (PROPOSAL_WEIGHT_IN_FACE - PROPOSAL_WEIGHT)
        proposal = shares(part, alignment, placed.filling)
        mixed = np.where(np.isnan(proposal), refined, refined + trust * (proposal - refined))
        mixed = np.maximum(mixed, part.voxels)
        return Proposal(box, mixed, expected_error=self.shape_model.expected_error(placed, part, mixed), notes=notes)


def refiner_weights(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the network's weights among those of a model folder."""
    return {
        name.removeprefix(NETWORK_PREFIX): value.float()
        for name, value in tensors.items()
        if name.startswith(NETWORK_PREFIX)
    }
