"""Samples that depend on the seed and their number alone, so that a resumed run continues with the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

Batch = dict[str, Tensor]
"""Tensors by name: ``input`` of shape (B, C, X, Y, Z), the occupancies ``defective`` and ``complete`` of shape
(B, 1, X, Y, Z), and in validation whether the sample ``counts``. A single sample has no B."""

VALIDATION_SEED = 0


class Cases(Protocol):
    """Prepared cases, which may be read from disk one by one."""

    def __len__(self) -> int:
        """Return the number of cases."""

    def __getitem__(self, index: int, /) -> dict[str, Tensor]:
        """Return a case in its prepared form."""

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        """Iterate over the cases."""


class SampleMaker(Protocol):
    """Makes the samples of one kind of input from prepared cases."""

    def __len__(self) -> int:
        """Return the number of cases."""

    def make(self, case: int, repeat: int, rng: np.random.Generator) -> Batch:
        """Return a sample of a case.

        Args:
            case: Index of the case.
            repeat: Number of earlier samples of the same case.
            rng: Source of all that is random in the sample.
        """


class NumberedSampler(Sampler[int]):
    """The numbers of the samples that one process makes in an epoch.

    Sample numbers increase from epoch to epoch. Lightning calls ``set_epoch`` before each one, as it does for PyTorch's
    ``DistributedSampler``.

    Args:
        samples: Samples in an epoch, over all processes.
        batch: Samples in a step of each process.
        rank: Index of this process.
        processes: Number of processes.
    """

    def __init__(self, samples: int, batch: int, rank: int, processes: int) -> None:
        self._batch, self._rank, self._processes = batch, rank, processes
        self._epoch = 0
        self.steps = -(-samples // (batch * processes))

    def set_epoch(self, epoch: int) -> None:
        """Continue with the numbers of an epoch, counted from 0."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self.steps * self._batch

    def __iter__(self) -> Iterator[int]:
        first = self._epoch * self.steps
        for step in range(first, first + self.steps):
            start = (step * self._processes + self._rank) * self._batch
            yield from range(start, start + self._batch)


class TrainingSamples(Dataset[Batch]):
    """Endless samples by number: every case once in random order, then again in another order.

    Args:
        maker: Makes the samples.
        seed: Seed of the run.
    """

    def __init__(self, maker: SampleMaker, seed: int) -> None:
        self._maker, self._seed = maker, seed

    def __getitem__(self, number: int) -> Batch:
        repeat, position = divmod(number, len(self._maker))
        order = np.random.default_rng([self._seed, 0, repeat]).permutation(len(self._maker))
        return self._maker.make(int(order[position]), repeat, np.random.default_rng([self._seed, 1, number]))


class ValidationSamples(Dataset[Batch]):
    """One sample of each case, the same every time.

    Numbers beyond the last case start over with the first one. They fill up the processes' shares of the cases, and
    their samples do not count.

    Args:
        maker: Makes the samples.
    """

    def __init__(self, maker: SampleMaker) -> None:
        self._maker = maker

    def __len__(self) -> int:
        return len(self._maker)

    def __getitem__(self, number: int) -> Batch:
        case = number % len(self)
        sample = self._maker.make(case, 0, np.random.default_rng([VALIDATION_SEED, case]))
        return sample | {"counts": torch.tensor(number < len(self))}
