"""Completing a skull in steps: a shape model proposes, a network on the head's own grid refines, another the face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from CraNeXtLib.completion import Proposal
from CraNeXtLib.errors import InputError
from CraNeXtLib.face_completion import FaceCompleter
from CraNeXtLib.head.head_grid import HeadGrid
from CraNeXtLib.network_completion import without_specks
from CraNeXtLib.networks.inference import runner
from CraNeXtLib.networks.refiner import CraNeXtRefiner
from CraNeXtLib.pca_skull.completion import PCACompleter, Placed
from CraNeXtLib.pca_skull.model import unpacked
from CraNeXtLib.pca_skull.rendering import shares
from CraNeXtLib.volumes import Volume

if TYPE_CHECKING:
    from CraNeXtLib.models import Model

# Where both speak, their weighted mean beats either: the shape model is finer than the grid and holds on skulls of
# other sources, the network sees more. A proposal alone makes no bone that the network rules out: it has under half.
PROPOSAL_WEIGHT = 0.45
SHAPE_PREFIX, NETWORK_PREFIX, MEAN_SKULL = "shape.", "network.", "mean_skull"


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
    grid: HeadGrid
    mean_skull: np.ndarray
    face: FaceCompleter | None = None

    @classmethod
    def load(cls, model: Model) -> RefinedCompleter:
        """Load the weights of a model folder.

        Raises:
            InputError: If the folder does not hold such a model.
        """
        from safetensors.torch import load_file

        description = model.description
        try:
            tensors = load_file(model.weights)
            shape = unpacked(
                {k.removeprefix(SHAPE_PREFIX): v.numpy() for k, v in tensors.items() if k.startswith(SHAPE_PREFIX)},
                description["options"],
            )
            network = CraNeXtRefiner(**description["network"]["options"])
            network.load_state_dict(refiner_weights(tensors))
            grid = HeadGrid(shape.surface, tuple(description["grid"]["shape"]))
            mean = tensors[MEAN_SKULL].numpy().astype(np.float32) / 255
            face = FaceCompleter.of(description["face"], tensors, grid, mean) if "face" in description else None
        except (KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
            raise InputError(
                f"The weights of model '{model.name}' do not fit it; import or install it again."
            ) from error
        return cls(PCACompleter(shape), network.eval(), grid, mean, face)

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
        channels = self.channels(placed)
        notes: list[str] = []
        implant = self._run(channels, device, notes, lambda fraction: progress(0.6 + 0.3 * fraction))
        face = None
        if self.face:
            face = self.face.complete(placed, device=device, notify=notes.append, progress=lambda _: progress(0.95))
        return self._proposal(skull, placed, channels, implant, face, tuple(notes))

    def channels(self, placed: Placed) -> np.ndarray:
        """Return the network's input, (3, X, Y, Z)."""
        bone = self.grid.sample(placed.occupancy, placed.alignment)
        return np.stack([bone, self.grid.render(placed.filling), self.mean_skull])

    def _run(
        self, channels: np.ndarray, device: str, notes: list[str], progress: Callable[[float], None]
    ) -> np.ndarray:
        """Return the implant's share of each voxel of the grid."""
        x = torch.as_tensor(channels)[None]
        with torch.inference_mode():
            logits = runner(self.network.network, device=device, notify=notes.append)(x, progress=progress)
            return torch.sigmoid(logits + self.network.proposed(x))[0, 0].numpy()

    def _proposal(
        self,
        skull: Volume,
        placed: Placed,
        channels: np.ndarray,
        implant: np.ndarray,
        face: tuple[np.ndarray, np.ndarray] | None,
        notes: tuple[str, ...],
    ) -> Proposal:
        # Shares of bone add up, so that no gap opens where a voxel holds both skull and implant.
        bone, proposed = channels[:2]
        complete = np.minimum(bone + implant, 1.0)
        likely = np.maximum(complete, (1 - PROPOSAL_WEIGHT) * complete + PROPOSAL_WEIGHT * proposed)
        boxes = _boxes(self.grid, (likely >= 0.5) & (bone < 0.5), skull, placed)
        if face:
            boxes += _boxes(self.face.grid, (face[1] >= 0.5) & (face[0] < 0.5), skull, placed)
        if not boxes:
            return Proposal((slice(0, 1),) * 3, np.zeros((1, 1, 1), np.float32), notes=notes)
        box = tuple(
            slice(min(s.start for s in sides), max(s.stop for s in sides)) for sides in zip(*boxes, strict=True)
        )
        part = skull.crop(box)
        refined = self.grid.restore(complete, part, placed.alignment)
        if face:
            weight, finer = (self.face.grid.restore(v, part, placed.alignment) for v in (self.face.weight, face[1]))
            refined += weight * (finer - refined)
        proposal = shares(part, placed.alignment, placed.filling)
        mixed = np.where(np.isnan(proposal), refined, refined + PROPOSAL_WEIGHT * (proposal - refined))
        mixed = np.maximum(mixed, part.voxels)
        return Proposal(box, mixed, expected_error=self.shape_model.expected_error(placed, part, mixed), notes=notes)


def _boxes(grid: HeadGrid, added: np.ndarray, skull: Volume, placed: Placed) -> list[tuple[slice, slice, slice]]:
    """Return the box of the skull's voxels around what is added on a grid; none if that is nothing."""
    added = without_specks(added, float(np.prod(grid.spacing)))
    return [grid.box(added, skull, placed.alignment)] if added.any() else []


def refiner_weights(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the network's weights among those of a model folder."""
    return {
        name.removeprefix(NETWORK_PREFIX): value.float()
        for name, value in tensors.items()
        if name.startswith(NETWORK_PREFIX)
    }
