"""Samples for a refiner: a defect, its proposal and the mean skull, moved at random, on the network's grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.training.augmentation import segmentation_noise
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.samples.numbered_samples import VALIDATION_SEED, Batch, Cases
from CraNeXtLib.training.samples.placed_case import bundled_shape_model, mean_skull, resample, resample_at_random
from CraNeXtLib.training.samples.proposals import FINE_SHAPE, Proposals


class RefinerSamples:
    """Samples of placed cases with the proposals of a shape model.

    Args:
        cases: The cases, see ``PlacedCase.packed``.
        config: The run's configuration.
        cache: Folder for the defects that are kept.
        training: Whether to draw many moved defects of a case; otherwise it has one that stays where it is.
    """

    def __init__(self, cases: Cases, config: TrainingConfig, cache: Path, *, training: bool) -> None:
        self._cases, self._config, self._training = cases, config, training
        seed = config.run.seed if training else VALIDATION_SEED
        self._proposals = Proposals(cases, config.augmentation, cache, seed, cross_fitted=training)
        surface = bundled_shape_model().surface
        self._fine, self._grid = ModelSpaceGrid(surface, FINE_SHAPE), ModelSpaceGrid(surface, config.data.shape)
        self._mean: Tensor | None = None

    def __len__(self) -> int:
        return len(self._cases)

    def make(self, case: int, repeat: int, rng: np.random.Generator) -> Batch:
        """Return a sample of a case; see :class:`CraNeXtLib.training.samples.numbered_samples.SampleMaker`."""
        several = self._config.data.defects_per_skull
        if not self._training:
            proposal = self._proposals.get(case, 0, keep=True)
        elif several:
            proposal = self._proposals.get(case, repeat % several, keep=True)
        else:
            proposal = self._proposals.get(case, repeat, keep=False)
        return self._sample(proposal, rng)

    def _sample(self, proposal: dict[str, Tensor], rng: np.random.Generator) -> Batch:
        if self._mean is None:
            self._mean = torch.from_numpy(mean_skull(self._cases, FINE_SHAPE))
        complete, implant, proposed = (proposal[name].float() / 255 for name in ("complete", "implant", "proposal"))
        values = torch.stack([complete - implant, implant, proposed, self._mean])
        to_fine, augmentation = np.linalg.inv(self._fine.affine), self._config.augmentation
        if self._training:
            bone, implant, *others = resample_at_random(values, to_fine, self._grid, augmentation, rng)
        else:
            bone, implant, *others = resample(values, to_fine, self._grid)
        if self._training and rng.random() < augmentation.segmentation_noise:
            bone, implant = segmentation_noise(
                torch.stack([bone, implant]), rng, self._grid.spacing, blur_mm=1.0, slice_mm=2.0, threshold_sd=0.07
            )
        return {
            "input": torch.stack([bone, *others]),
            "defective": bone[None],
            "complete": (bone + implant)[None],
        }
