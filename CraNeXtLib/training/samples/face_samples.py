"""Samples for the network of the face: a defect of forehead or orbit, cut into an upright head, and the mean skull."""

from __future__ import annotations

import numpy as np
import torch

from CraNeXtLib.anatomy.head.landmarks import SkullFrame
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.completion.refined_completer import RefinedCompleter
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.geometry.box import Box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.augmentation import sample_kind, segmentation_noise
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.samples.numbered_samples import Batch, Cases
from CraNeXtLib.training.samples.placed_case import PlacedCase, resample, resample_at_random

# A defect counts if at least this fraction of it lies in the grid's box; otherwise another one is drawn, so many times.
_MIN_INSIDE, _TRIES = 0.4, 30
# This fraction of the samples takes the first defect, wherever it lies: often there is nothing to add in the face.
_ANYWHERE = 0.1
# Voxels of the grid around it that a sample needs, as it is moved by no more.
_MARGIN_VOXELS = 8.0


class FaceSamples:
    """Samples of placed cases on the grid of the upper face.

    Args:
        cases: The cases, see ``PlacedCase.packed``.
        config: The run's configuration.
        training: Whether to move the head at random; otherwise each case gives the same sample every time.

    Raises:
        InputError: If ``network.face_of`` names no refined model.
    """

    def __init__(self, cases: Cases, config: TrainingConfig, *, training: bool) -> None:
        self._cases, self._config, self._training = cases, config, training
        refined = load_model(model_library.find(config.network.face_of))
        if not isinstance(refined, RefinedCompleter):
            raise InputError(f"network.face_of names '{config.network.face_of}', which is not a refined model.")
        self._grid = ModelSpaceGrid(refined.grid.surface, config.data.shape, "face")
        self._mean = torch.from_numpy(refined.grid.resample_to(self._grid, refined.mean_skull))
        self._frames: dict[int, SkullFrame] = {}

    def __len__(self) -> int:
        return len(self._cases)

    def make(self, case: int, repeat: int, rng: np.random.Generator) -> Batch:
        """Return a sample of a case; see :class:`CraNeXtLib.training.samples.numbered_samples.SampleMaker`."""
        del repeat
        placed = PlacedCase.unpacked(self._cases[case])
        if case not in self._frames:
            self._frames[case] = placed.frame()
        skull = placed.complete
        box = self._grid.whole_box(skull, placed.alignment, margin=_MARGIN_VOXELS)
        lost = self._defect(skull, self._frames[case], box, rng)
        values = torch.from_numpy(np.stack([skull.voxels[box] & ~lost[box], lost[box]])).float()
        to_box = np.eye(4)
        to_box[:3, 3] = [-side.start for side in box]
        to_indices = to_box @ (np.linalg.inv(skull.affine) @ placed.alignment.matrix)
        augmentation = self._config.augmentation
        if self._training:
            bone, implant = resample_at_random(values, to_indices, self._grid, augmentation, rng)
        else:
            bone, implant = resample(values, to_indices, self._grid)
        if self._training and rng.random() < augmentation.segmentation_noise:
            bone, implant = segmentation_noise(torch.stack([bone, implant]), rng, self._grid.spacing)
        return {
            "input": torch.stack([bone, self._mean]),
            "defective": bone[None],
            "complete": (bone + implant)[None],
        }

    def _defect(self, skull: Volume, frame: SkullFrame, box: Box, rng: np.random.Generator) -> np.ndarray:
        """Cut a defect of which the box contains a good part; return its mask."""
        inside = _MIN_INSIDE if not self._training or rng.random() >= _ANYWHERE else 0.0
        for _ in range(_TRIES):
            kind = sample_kind(self._config.augmentation, rng)
            implant = make_defect(skull, kind, seed=rng, frame=frame).voxels
            if np.count_nonzero(implant[box]) >= inside * np.count_nonzero(implant):
                break
        return implant
