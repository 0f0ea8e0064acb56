"""Completing a skull in steps: a shape model proposes, one network refines the vault, and another one the face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import special

from CraNeXtLib import networks
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion.face_completer import FaceCompleter
from CraNeXtLib.completion.grid_completion import GridCompletion
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.completion.shape_model.completer import PCACompleter, PlacedSkull
from CraNeXtLib.completion.shape_model.radial_completion import THIN_BONED
from CraNeXtLib.completion.shape_model.shape_model_fill import fill_occupancy
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import enclosing_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.networks.trained_network import TrainedNetwork, load_network

# Where shape model and network both have an opinion, their weighted mean beats either one: the shape model is finer
# than the grid and generalizes to skulls of other sources, while the network sees more. As the weight is below one
# half, the shape model alone makes no bone that the network rules out.
PROPOSAL_WEIGHT = 0.45
# In the face its own network dominates, which sees finer detail than the head's. In thin-boned skulls the shape model
# keeps its weight: the network's training set rarely showed such skulls, while the shape model measures the thickness.
FACE_WEIGHT, PROPOSAL_WEIGHT_IN_FACE = 0.8, 0.2

# A defect may reach below the network's grid. The network is convolutional, so it also works on a grid that reaches
# this much further down, to the tips of the mastoids. It is a whole number of blocks of voxels.
_DEEPER_MM, _BLOCK = 36.0, 16

NETWORK_PREFIX, MEAN_SKULL = "network.", "mean_skull"
"""Names in a model folder: the beginning of those of the network's weights, and that of the mean skull."""


@dataclass(frozen=True, eq=False)
class RefinedCompleter:
    """A shape model and the networks that refine its proposal.

    Args:
        shape_model: Proposes the vault.
        network: Takes the channels of ``CraNeXtRefiner``.
        grid: The network's grid.
        mean_skull: Occupancy of the mean skull on that grid.
        face: Completes the upper face; None in a model without a network of the face.
    """

    shape_model: PCACompleter
    network: TrainedNetwork
    grid: ModelSpaceGrid
    mean_skull: np.ndarray
    face: FaceCompleter | None = None

    @property
    def light(self) -> bool:
        """Whether the CPU computes it without PyTorch, see ``TrainedNetwork``."""
        return self.network.light and (self.face is None or self.face.network.light)

    @classmethod
    def load(cls, model: Model, *, shape_model: PCACompleter) -> RefinedCompleter:
        """Load the weights of a model folder.

        Args:
            model: The model.
            shape_model: The shape model that it was trained with.

        Raises:
            InputError: If the folder does not hold such a model.
        """
        from safetensors import safe_open

        description = model.description
        options, shape = description["network"]["options"], tuple(description["grid"]["shape"])
        networks.check_shape(shape)
        network = load_network(model.weights, "cranext_refiner", options, prefix=NETWORK_PREFIX)
        grid = ModelSpaceGrid(shape_model.model.surface, shape)
        with safe_open(model.weights, "numpy") as tensors:
            mean = tensors.get_tensor(MEAN_SKULL).astype(np.float32) / 255
        if mean.shape != shape:
            raise InputError(f"The mean skull of model '{model.name}' is not on its grid; import or install it again.")
        face = None
        if "face" in description:
            face = FaceCompleter.from_description(description["face"], model.weights, grid, mean)
        return cls(shape_model, network, grid, mean, face)

    def propose(
        self, skull: Volume, *, device: str = "cpu", progress: Callable[[float], None] | None = None
    ) -> Proposal:
        """Complete a defective skull.

        Args:
            skull: Mask of the defective skull, of any orientation and spacing.
            device: Where the networks run.
            progress: Called with the fraction done; may raise to stop.

        Returns:
            The occupancy in a box around all added bone.

        Raises:
            InputError: If the skull has no brain case.
        """
        report = progress or (lambda _: None)
        warnings: list[str] = []
        placed = self.shape_model.place(skull, lambda part: report(0.6 * part))
        proposed, head = self.complete_head(
            placed, device=device, notify=warnings.append, progress=lambda part: report(0.6 + 0.3 * part)
        )
        face = None
        if self.face:
            face = self.face.complete(
                placed, device=device, notify=warnings.append, progress=lambda part: report(0.9 + 0.1 * part)
            )
        return self._combine(skull, placed, proposed, head, face, tuple(warnings))

    def channels(self, placed: PlacedSkull) -> np.ndarray:
        """Return the network's input, (3, X, Y, Z): occupancy of the skull, of what is filled in, of the mean skull."""
        bone = self.grid.sample(placed.occupancy, placed.alignment)
        return np.stack([bone, placed.fill.on_grid(self.grid), self.mean_skull])

    def complete_head(
        self, placed: PlacedSkull, *, device: str, notify: Callable[[str], None], progress: Callable[[float], None]
    ) -> tuple[np.ndarray, GridCompletion]:
        """Run the network of the head, on a grid that reaches further down if bone is missing at the lower end.

        Args:
            placed: The skull in the space of the shape model.
            device: Where the network runs.
            notify: Called with a sentence when memory is short and the network runs in another way.
            progress: Called with the fraction done; may raise to stop.

        Returns:
            What the shape model fills in, on the grid of the completed head, and that head.
        """
        channels = self.channels(placed)
        head = self._complete(channels, device=device, notify=notify, progress=lambda part: progress(part / 2))
        if head.adds_at_floor:
            channels = self._deeper.channels(placed)
            deeper = self._deeper._complete(
                channels, device=device, notify=notify, progress=lambda part: progress((1 + part) / 2)
            )
            head = head.above(deeper)
        return channels[1], head

    @cached_property
    def _deeper(self) -> RefinedCompleter:
        """The same on a grid that reaches further down, where the mean skull is known by its surface only."""
        layers = _BLOCK * int(np.ceil(round(_DEEPER_MM / self.grid.spacing[2]) / _BLOCK))
        grid = self.grid.deepened(layers)
        mean_skull = np.concatenate([grid.mean_occupancy(layers), self.mean_skull], axis=2)
        return replace(self, grid=grid, mean_skull=mean_skull)

    def _complete(
        self,
        channels: np.ndarray,
        *,
        device: str,
        notify: Callable[[str], None],
        progress: Callable[[float], None],
    ) -> GridCompletion:
        """Run the network of the head on its channels."""
        logits = self.network.logits(channels, device=device, notify=notify, progress=progress)
        return GridCompletion.of(self.grid, channels[0], special.expit(logits))

    def _combine(
        self,
        skull: Volume,
        placed: PlacedSkull,
        proposed: np.ndarray,
        head: GridCompletion,
        face: GridCompletion | None,
        warnings: tuple[str, ...],
    ) -> Proposal:
        """Blend shape model and networks in the skull's voxels.

        The networks are blended first, the face's over the head's with a weight that fades toward the border of its
        grid, so that no seam shows. The shape model is blended over both, but only where it fills something in: it has
        no opinion elsewhere, and a mean with nothing would thin the networks' bone. All of it happens in the skull's
        voxels, because the shape model is finer than either grid.
        """
        alignment = placed.alignment
        # The box must also hold bone that only the shape model's weight lifts above the threshold.
        likely = np.maximum(head.complete, head.complete + PROPOSAL_WEIGHT * (proposed - head.complete))
        boxes = head.added_boxes(likely, skull, alignment)
        if face:
            boxes += face.added_boxes(face.complete, skull, alignment)
        if not boxes:
            return Proposal.nothing(warnings=warnings)
        box = enclosing_box(boxes)
        part = skull.crop(box)
        refined = head.grid.restore(head.complete, part, alignment)
        proposal_weight: float | np.ndarray = PROPOSAL_WEIGHT
        if self.face and face:
            finer, weight = (
                face.grid.restore(values, part, alignment) for values in (face.complete, self.face.blend_weight)
            )
            refined += FACE_WEIGHT * weight * (finer - refined)
            if self.shape_model.relative_thickness(placed.fill) >= THIN_BONED:
                proposal_weight = PROPOSAL_WEIGHT + weight * (PROPOSAL_WEIGHT_IN_FACE - PROPOSAL_WEIGHT)
        filled = fill_occupancy(part, alignment, placed.fill)
        blended = np.where(np.isnan(filled), refined, refined + proposal_weight * (filled - refined))
        blended = np.maximum(blended, part.voxels)
        expected_error = self.shape_model.expected_error(placed, part, blended)
        return Proposal(box, blended, expected_error=expected_error, warnings=warnings)
