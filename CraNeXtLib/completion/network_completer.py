"""Completing a skull with a network: grid, network, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from CraNeXtLib import networks
from CraNeXtLib.anatomy.head.network_grid import Grid, make_grid
from CraNeXtLib.anatomy.head.placement import place_on_template
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.components import without_specks
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.networks.inference import runner

LEAST_AGREEMENT = 0.9  # DSC with the implant for the mirrored skull below which an implant is doubted


@dataclass(frozen=True, eq=False)
class NetworkCompleter:
    """A trained network with the grid that it was trained on.

    Args:
        network: Takes (1, 1, X, Y, Z), returns logits of the same shape.
        grid_name: ``"default"``, ``"official"`` or ``"vault"``, see :mod:`CraNeXtLib.anatomy.head.network_grid`.
        shape: Voxels of the grid.
        threshold: From which probability on a voxel counts.
        target: What the network gives: ``"complete"`` or ``"implant"``.
        input: What it takes: the skull, ``"binary"``, or its regions, ``"one-hot"`` or as published ``"labels"``.
        placement: Where skulls are placed first, see :mod:`CraNeXtLib.datasets.placed_pairs`.
    """

    network: torch.nn.Module
    grid_name: str
    shape: tuple[int, int, int]
    threshold: float
    target: str = "complete"
    input: str = "binary"
    placement: str = "none"

    @classmethod
    def load(cls, model: Model) -> NetworkCompleter:
        """Build the network that the description names and load the weights into it.

        Raises:
            InputError: If the weights do not fit the network.
        """
        from safetensors.torch import load_file

        description = model.description
        network = networks.build(description["network"]["name"], **description["network"].get("options", {}))
        try:
            network.load_state_dict({k: v.float() for k, v in load_file(model.weights).items()})
        except (RuntimeError, OSError) as error:
            raise InputError(f"The weights of model '{model.name}' do not fit its network; import it again.") from error
        grid = description["grid"]
        return cls(
            network.eval(),
            grid["name"],
            tuple(grid["shape"]),
            description.get("threshold", 0.5),
            description.get("target", "complete"),
            description.get("input", "binary"),
            description.get("placement", "none"),
        )

    def propose(self, skull: Volume, *, device: str, progress: Callable[[float], None]) -> Proposal:
        """Return the network's probability, on the box of everything that it adds to the skull.

        The official grid comes with the whole volume, as published. On the others the network sees the mirrored skull
        too: how well both implants agree tells how good they are
        (``Testing/benchmarks/flip_agreement.py``), and takes twice the time.
        """
        skull = place_on_template(skull, self.placement)
        grid = make_grid(self.grid_name, skull, self.shape)
        sampled = grid.sample(skull)
        progress(0.1)
        channels, official = self._input(skull, grid, sampled), self.grid_name == "official"
        share = 0.8 if official else 0.4
        values, notes = self._values(channels, sampled, device, lambda fraction: progress(0.1 + share * fraction))
        if official:
            box = tuple(slice(0, size) for size in skull.shape)
            return Proposal(box, grid.restore(values, box), self.threshold, notes=notes)
        voxel_mm3 = float(np.prod(grid.spacing))
        added = without_specks((values >= self.threshold) & (sampled < 0.5), voxel_mm3)
        if not added.any():
            return Proposal((slice(0, 1),) * 3, np.zeros((1, 1, 1), np.float32), self.threshold, notes=notes)
        mirrored = self._values(
            np.flip(channels, 1).copy(), np.flip(sampled, 0), device, lambda fraction: progress(0.5 + 0.4 * fraction)
        )[0]
        other = without_specks((np.flip(mirrored, 0) >= self.threshold) & (sampled < 0.5), voxel_mm3)
        agreement = 2 * float((added & other).sum()) / int(added.sum() + other.sum())
        if agreement < LEAST_AGREEMENT:
            doubt = (
                "The network is unsure of this implant: with the one for the mirrored skull it agrees only to a DSC of "
                f"{agreement:.2f}. Look at it closely, or choose the default model."
            )
            notes = (*notes, doubt)
        box = grid.box(added)
        return Proposal(box, grid.restore(values, box), self.threshold, agreement=agreement, notes=notes)

    def _input(self, skull: Volume, grid: Grid, sampled: np.ndarray) -> np.ndarray:
        """Return the network's channels, (C, X, Y, Z)."""
        if self.input == "binary":
            return sampled[None]
        from CraNeXtLib.anatomy.categorization.categorize import categorize

        if self.input == "labels":
            return grid.sample_labels(categorize(skull, method="official").labels)[None]
        from CraNeXtLib.anatomy.categorization.channels import region_channels

        return region_channels(categorize(skull).labels, grid)

    def _values(
        self, channels: np.ndarray, sampled: np.ndarray, device: str, progress: Callable[[float], None]
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return how likely each voxel of the grid is bone of the complete skull, and notes."""
        notes: list[str] = []
        run = runner(self.network, device=device, notify=notes.append)
        logits = run(torch.as_tensor(channels)[None], progress=progress)
        values = torch.sigmoid(logits)[0, 0].numpy()
        if self.target == "implant":
            # Shares of bone add up, so that no gap opens where a voxel holds both skull and implant.
            values = np.minimum(values + sampled, 1.0)
        return values, tuple(notes)
