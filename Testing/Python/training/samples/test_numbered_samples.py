"""Samples depend on the seed and their number alone."""

import numpy as np
import torch

from CraNeXtLib.training.samples.numbered_samples import NumberedSampler, TrainingSamples, ValidationSamples


class Recorder:
    """A maker whose samples say what they were made from."""

    def __len__(self):
        return 3

    def make(self, case, repeat, rng):
        return {"made": torch.tensor([case, repeat, int(rng.integers(1_000_000))])}


def made(sample):
    return tuple(sample["made"].tolist())


def test_samples_are_numbered_without_gaps_over_processes_and_epochs():
    numbers = []
    samplers = [NumberedSampler(12, 2, rank, 2) for rank in range(2)]
    for epoch in (0, 1):
        for sampler in samplers:
            sampler.set_epoch(epoch)
        first, second = (list(sampler) for sampler in samplers)
        assert len(first) == len(samplers[0]) == 6
        assert not set(first) & set(second)
        numbers += sorted(first + second)
    assert numbers == list(range(24))


def test_every_case_is_taken_once_before_any_is_taken_again():
    samples = TrainingSamples(Recorder(), seed=5)
    rounds = [[made(samples[3 * repeat + place]) for place in range(3)] for repeat in range(4)]
    assert all(sorted(case for case, _, _ in one) == [0, 1, 2] for one in rounds)
    assert [{repeat for _, repeat, _ in one} for one in rounds] == [{0}, {1}, {2}, {3}]
    assert len({tuple(case for case, _, _ in one) for one in rounds}) > 1, "the order never changes"


def test_a_sample_is_the_same_whichever_came_before():
    first, second = TrainingSamples(Recorder(), seed=5), TrainingSamples(Recorder(), seed=5)
    assert [made(first[number]) for number in (7, 2)] == [made(second[number]) for number in (2, 7)][::-1]
    assert made(first[7]) != made(TrainingSamples(Recorder(), seed=6)[7])


def test_validation_gives_each_case_once_and_does_not_count_it_again():
    samples = ValidationSamples(Recorder())
    assert len(samples) == 3
    assert [bool(samples[number]["counts"]) for number in range(5)] == [True] * 3 + [False] * 2
    assert made(samples[1]) == made(samples[4])
    assert np.unique([made(samples[number])[0] for number in range(3)]).size == 3
