"""Samples that depend on their number only, so that a resumed run continues with the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.training.config import AugmentationConfig, TrainingConfig
from CraNeXtLib.training.samples.prepared_cases import Batch, PreparedCases
from CraNeXtLib.training.samples.prepared_skull import PreparedSkull, draw_sample

_VALIDATION_SEED = 0


_NO_AUGMENTATION = AugmentationConfig(
    own_defect=1, flip_left_right=0, rotation_deg=0, scaling=0, translation_mm=0, elastic_mm=0, segmentation_noise=0
)


class NumberedSamples(Sampler[int]):
    """The numbers of the samples of an epoch that one process makes.

    Args:
        step: Gives the steps that the run has made.
        samples: Samples of an epoch, over all processes.
        batch: Samples a step of each process.
        rank: Number of this process.
        processes: How many there are.
    """

    def __init__(self, step: Callable[[], int], samples: int, batch: int, rank: int, processes: int) -> None:
        self._step, self._batch, self._rank, self._processes = step, batch, rank, processes
        self.steps = -(-samples // (batch * processes))

    def __len__(self) -> int:
        return self.steps * self._batch

    def __iter__(self) -> Iterator[int]:
        for step in range(self._step(), self._step() + self.steps):
            start = (step * self._processes + self._rank) * self._batch
            yield from range(start, start + self._batch)


class TrainingSamples(Dataset):
    """Endless samples by number: every case once in random order, then again in another."""

    def __init__(self, cases: PreparedCases, config: TrainingConfig) -> None:
        self._cases, self._config = cases, config
        self._frames: dict[int, SkullFrame] = {}

    def __getitem__(self, number: int) -> Batch:
        seed = self._config.run.seed
        turn, place = divmod(number, len(self._cases))
        index = int(np.random.default_rng([seed, 0, turn]).permutation(len(self._cases))[place])
        rng = np.random.default_rng([seed, 1, number])
        return _sample_of(self._cases[index], self._config, rng, self._frames, index, plain=False)


class ValidationSamples(Dataset):
    """One sample of each case, the same every time, not turned: its own defect, or a synthetic one.

    Numbers from the count of cases on give cases again, which fill up the processes' shares and do not ``count``.
    """

    def __init__(self, cases: PreparedCases, config: TrainingConfig) -> None:
        self._cases, self._config = cases, config

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, index: int) -> Batch:
        case = index % len(self)
        rng = np.random.default_rng([_VALIDATION_SEED, case])
        sample = _sample_of(self._cases[case], self._config, rng, {}, case, plain=True)
        return sample | {"counts": torch.tensor(index < len(self))}


def _sample_of(
    tensors: dict[str, Tensor],
    config: TrainingConfig,
    rng: np.random.Generator,
    frames: dict[int, SkullFrame],
    index: int,
    *,
    plain: bool,
) -> Batch:
    """Return what ``draw_sample`` does, also of a case that is on the grid already."""
    augmentation = config.augmentation
    if plain:
        augmentation = replace(_NO_AUGMENTATION, defects=augmentation.defects)
    if "defective" in tensors:
        defective, complete = (tensors[name][None].float() / 255 for name in ("defective", "complete"))
        flips = rng.random(2) < (augmentation.flip_left_right, augmentation.flip_front_back)
        axes = [axis + 1 for axis, flip in enumerate(flips) if flip]
        defective, complete = defective.flip(axes), complete.flip(axes)
        inputs = tensors["labels"][None].float().flip(axes) if "labels" in tensors else defective
    else:
        skull = PreparedSkull.unpacked(tensors)
        if index not in frames:
            frames[index] = skull_frame(skull.complete, skull.turn)
        return draw_sample(skull, frames[index], augmentation, rng, grid=config.data.grid, shape=config.data.shape)
    return {"input": inputs, "defective": defective, "complete": complete}
