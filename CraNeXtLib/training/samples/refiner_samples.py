"""Samples for a refiner: a defect, its proposal and the mean skull, moved a little, on the network's grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.training.augmentation import elastic_displacement, segmentation_noise
from CraNeXtLib.training.config import AugmentationConfig, TrainingConfig
from CraNeXtLib.training.samples.prepared_skull import interpolated, random_affine
from CraNeXtLib.training.samples.proposals import FINE_SHAPE, Proposals

_VALIDATION_SEED = 0


class RefinerSamples(Dataset):
    """Samples by number, as ``TrainingSamples`` and ``ValidationSamples`` give them.

    Args:
        skulls: The placed skulls, see ``PreparedCases``.
        config: The run's configuration.
        cache: Folder for the defects that are kept.
        training: Whether to draw endless moved samples, or one of each skull that stays where it is.
    """

    def __init__(self, skulls: Dataset, config: TrainingConfig, cache: Path, *, training: bool) -> None:
        self._config, self._training, self._count = config, training, len(skulls)
        seed = config.run.seed if training else _VALIDATION_SEED
        self._proposals = Proposals(skulls, config.augmentation, cache, seed, fitted=training)
        surface = load_model(model_library.find("pca_skull")).model.surface
        self._fine, self._grid = ModelSpaceGrid(surface, FINE_SHAPE), ModelSpaceGrid(surface, config.data.shape)
        self._mean: Tensor | None = None

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        if not self._training:
            skull = number % self._count
            sample = self._sample(self._proposals.get(skull, 0, keep=True), None)
            return sample | {"counts": torch.tensor(number < self._count)}
        seed, several = self._config.run.seed, self._config.data.defects_per_skull
        turn, place = divmod(number, self._count)
        skull = int(np.random.default_rng([seed, 0, turn]).permutation(self._count)[place])
        defect = turn % several if several else turn
        made = self._proposals.get(skull, defect, keep=several > 0)
        return self._sample(made, np.random.default_rng([seed, 1, number]))

    def mean_skull(self) -> np.ndarray:
        """Return the mean of the skulls on the network's grid, shares of bone, float32."""
        return self._proposals.mean_skull(self._grid.shape)

    def _sample(self, made: dict[str, Tensor], rng: np.random.Generator | None) -> dict[str, Tensor]:
        if self._mean is None:
            self._mean = torch.from_numpy(self._proposals.mean_skull(FINE_SHAPE))
        complete, implant, proposal = (made[name].float() / 255 for name in ("complete", "implant", "proposal"))
        values = torch.stack([complete - implant, implant, proposal, self._mean])
        shape, spacing, turn, bend = self._grid.shape, self._grid.spacing, np.eye(4), None
        augmentation = self._config.augmentation
        if rng is not None:
            middle = apply_affine(self._grid.affine, np.array(shape) / 2)
            turn, bend = random_affine(augmentation, rng, middle), drawn_bend(augmentation, rng, shape, spacing)
        defective, implant, *others = interpolated(
            values, np.linalg.inv(self._fine.affine) @ turn @ self._grid.affine, shape, bend
        )
        if rng is not None and rng.random() < augmentation.segmentation_noise:
            defective, implant = segmentation_noise(
                torch.stack([defective, implant]), rng, spacing, blur_mm=1.0, slice_mm=2.0, threshold_sd=0.07
            )
        return {
            "input": torch.stack([defective, *others]),
            "defective": defective[None],
            "complete": (defective + implant)[None],
        }


def drawn_bend(
    augmentation: AugmentationConfig, rng: np.random.Generator, shape: tuple[int, int, int], spacing: np.ndarray
) -> Tensor | None:
    """Draw a bend in voxels for four samples in ten."""
    if not augmentation.elastic_mm or rng.random() >= 0.4:
        return None
    bend = elastic_displacement(rng, shape, spacing, sd_mm=augmentation.elastic_mm)
    return bend / torch.tensor(spacing).float().view(3, 1, 1, 1)
