"""Completing a skull with a network: to the network's grid, through the network, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from CraNeXtLib import networks
from CraNeXtLib.anatomy.head.network_grid import GRIDS, make_grid
from CraNeXtLib.anatomy.head.official_grid import OfficialGrid
from CraNeXtLib.anatomy.head.placement import place_on_template
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.network_input import network_input
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.components import without_specks
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.networks.trained_network import TrainedNetwork, load_network

MIN_AGREEMENT = 0.9
"""DSC with the implant for the mirrored skull below which the user is warned of an implant.

Measured by ``Testing/benchmarks/flip_agreement.py``.
"""


@dataclass(frozen=True, eq=False)
class NetworkCompleter:
    """A trained network with the grid that it was trained on.

    Args:
        network: Takes (C, X, Y, Z), returns logits of shape (X, Y, Z).
        grid_name: Name of the grid, see :mod:`CraNeXtLib.anatomy.head.network_grid`.
        shape: Voxels of the grid.
        threshold: Voxels with at least this probability count as bone.
        target: Output of the network: the ``"complete"`` skull or the ``"implant"``.
        input: Input of the network, see :mod:`CraNeXtLib.completion.network_input`.
        placement: How skulls are placed first, see :mod:`CraNeXtLib.anatomy.head.placement`.
    """

    network: TrainedNetwork
    grid_name: Literal["default", "official", "vault"]
    shape: tuple[int, int, int]
    threshold: float
    target: str = "complete"
    input: str = "binary"
    placement: str = "none"

    @property
    def light(self) -> bool:
        """Whether the CPU computes it without PyTorch, see ``TrainedNetwork``."""
        return self.network.light

    @classmethod
    def load(cls, model: Model) -> NetworkCompleter:
        """Build the network that the description names and load its weights.

        Raises:
            InputError: If the weights do not fit the network.
        """
        description = model.description
        network = load_network(model.weights, description["network"]["name"], description["network"].get("options", {}))
        grid = description["grid"]
        loaded = cls(
            network,
            grid["name"],
            tuple(grid["shape"]),
            description.get("threshold", 0.5),
            description.get("target", "complete"),
            description.get("input", "binary"),
            description.get("placement", "none"),
        )
        loaded._check()
        return loaded

    def _check(self) -> None:
        """Raise InputError for values that this version does not know."""
        for key, value, allowed in (
            ("grid", self.grid_name, tuple(GRIDS)),
            ("target", self.target, ("complete", "implant")),
            ("placement", self.placement, ("none", "rigid", "affine")),
        ):
            if value not in allowed:
                raise InputError(f"{key} in model.json is {value!r}; this version knows {', '.join(allowed)}.")
        networks.check_shape(self.shape)
        network_input(self.input)
        if not 0 < self.threshold < 1:
            raise InputError(f"threshold in model.json is {self.threshold!r}; it must lie between 0 and 1.")

    def propose(self, skull: Volume, *, device: str, progress: Callable[[float], None]) -> Proposal:
        """Return the network's probability in the box of everything that it adds to the skull.

        On the official grid the box is the whole volume, as published. On the others the network also completes the
        mirrored skull, which takes twice the time: the agreement of both implants shows how good they are.

        Args:
            skull: Mask of the defective skull.
            device: Where the network runs.
            progress: Called with the fraction done; may raise to stop.
        """
        skull = place_on_template(skull, self.placement)
        grid = make_grid(self.grid_name, skull, self.shape)
        occupancy = grid.sample(skull)
        progress(0.1)
        channels = network_input(self.input)(skull, grid, occupancy)
        if isinstance(grid, OfficialGrid):
            values, warnings = self._complete(channels, occupancy, device, lambda part: progress(0.1 + 0.8 * part))
            i, j, k = (slice(0, size) for size in skull.shape)
            return Proposal((i, j, k), grid.restore(values, (i, j, k)), self.threshold, warnings=warnings)
        values, warnings = self._complete(channels, occupancy, device, lambda part: progress(0.1 + 0.4 * part))
        voxel_mm3 = float(np.prod(grid.spacing))
        added = without_specks((values >= self.threshold) & (occupancy < 0.5), voxel_mm3)
        if not added.any():
            return Proposal.nothing(self.threshold, warnings=warnings)
        flipped, _ = self._complete(
            np.flip(channels, 1).copy(), np.flip(occupancy, 0), device, lambda part: progress(0.5 + 0.4 * part)
        )
        mirrored = without_specks((np.flip(flipped, 0) >= self.threshold) & (occupancy < 0.5), voxel_mm3)
        agreement = 2 * float((added & mirrored).sum()) / int(added.sum() + mirrored.sum())
        if agreement < MIN_AGREEMENT:
            warning = (
                "The network is unsure of this implant: its DSC with the implant for the mirrored skull is only "
                f"{agreement:.2f}. Inspect it closely, or choose the default model."
            )
            warnings = (*warnings, warning)
        box = grid.box(added)
        return Proposal(box, grid.restore(values, box), self.threshold, agreement=agreement, warnings=warnings)

    def _complete(
        self, channels: np.ndarray, occupancy: np.ndarray, device: str, progress: Callable[[float], None]
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the probability of each voxel of the grid to be bone of the complete skull, and warnings."""
        warnings: list[str] = []
        logits = self.network.logits(channels, device=device, notify=warnings.append, progress=progress)
        values = special.expit(logits)
        if self.target == "implant":
            # Occupancies add up, so that no gap opens where a voxel holds both skull and implant.
            values = np.minimum(values + occupancy, 1.0)
        return values, tuple(warnings)
