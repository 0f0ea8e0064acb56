"""Samples for the network of the face: a defect of forehead or orbit, cut into an upright head, and the mean skull."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import Box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.augmentation import segmentation_noise
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.samples.prepared_skull import drawn_kind, interpolated, random_affine
from CraNeXtLib.training.samples.proposals import PlacedSkull
from CraNeXtLib.training.samples.refiner_samples import drawn_bend

LEAST_INSIDE = 0.4  # of a defect lies in the box, or another is drawn
ELSEWHERE = 0.1  # of the samples take whatever defect comes first: often there is nothing to be done in the face
TRIES = 30
MARGIN = 8.0  # voxels of the grid around it: as far as samples are moved
_VALIDATION_SEED = 0


class FaceSamples(Dataset):
    """Samples by number, as ``TrainingSamples`` and ``ValidationSamples`` give them.

    Args:
        skulls: The placed skulls, see ``PreparedCases``.
        config: The run's configuration.
        training: Whether to draw endless moved samples, or one of each skull that stays where it is.
    """

    def __init__(self, skulls: Sequence[dict[str, Tensor]], config: TrainingConfig, *, training: bool) -> None:
        self._skulls, self._config, self._training = skulls, config, training
        refined = load_model(model_library.find(config.network.face_of))
        self._grid = ModelSpaceGrid(refined.grid.surface, config.data.shape, "face")
        self._mean = torch.from_numpy(refined.grid.resample_to(self._grid, refined.mean_skull))
        self._frames: dict[int, SkullFrame] = {}

    def __len__(self) -> int:
        return len(self._skulls)

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        if not self._training:
            skull = number % len(self)
            sample = self._sample(skull, np.random.default_rng([_VALIDATION_SEED, skull]))
            return sample | {"counts": torch.tensor(number < len(self))}
        seed = self._config.run.seed
        turn, place = divmod(number, len(self))
        skull = int(np.random.default_rng([seed, 0, turn]).permutation(len(self))[place])
        return self._sample(skull, np.random.default_rng([seed, 1, number]))

    def _sample(self, number: int, rng: np.random.Generator) -> dict[str, Tensor]:
        skull = PlacedSkull.unpacked(self._skulls[number])
        if number not in self._frames:
            self._frames[number] = skull.frame()
        to_skull = np.linalg.inv(skull.complete.affine) @ skull.alignment.matrix
        box = self._grid.whole_box(skull.complete, skull.alignment, margin=MARGIN)
        implant = self._defect(skull.complete, self._frames[number], box, rng)
        values = torch.from_numpy(np.stack([skull.complete.voxels[box] & ~implant[box], implant[box]])).float()
        shape, spacing, turn, bend = self._grid.shape, self._grid.spacing, np.eye(4), None
        augmentation = self._config.augmentation
        if self._training:
            middle = apply_affine(self._grid.affine, np.array(shape) / 2)
            turn, bend = random_affine(augmentation, rng, middle), drawn_bend(augmentation, rng, shape, spacing)
        to_box = np.eye(4)
        to_box[:3, 3] = [-side.start for side in box]
        defective, implant = interpolated(values, to_box @ to_skull @ turn @ self._grid.affine, shape, bend)
        if self._training and rng.random() < augmentation.segmentation_noise:
            defective, implant = segmentation_noise(torch.stack([defective, implant]), rng, spacing)
        return {
            "input": torch.stack([defective, self._mean]),
            "defective": defective[None],
            "complete": (defective + implant)[None],
        }

    def _defect(self, skull: Volume, frame: SkullFrame, box: Box, rng: np.random.Generator) -> np.ndarray:
        """Cut a defect that the box holds a good part of."""
        least = LEAST_INSIDE if not self._training or rng.random() >= ELSEWHERE else 0.0
        for _ in range(TRIES):
            kind = drawn_kind(self._config.augmentation, rng)
            implant = make_defect(skull, kind, seed=rng, frame=frame).voxels
            if np.count_nonzero(implant[box]) >= least * np.count_nonzero(implant):
                break
        return implant
