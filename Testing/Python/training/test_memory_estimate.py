"""The memory of a step is the sum of its live tensors, whatever PyTorch's release."""

from dataclasses import replace

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.memory_estimate import LiveTensors, gpu_memory_gb


def test_live_tensors_are_counted_once_until_they_are_released():
    with LiveTensors() as tensors:
        x = torch.zeros(1000)
        same = x.view(10, 100)
        assert tensors.live == 4000
        y = x.double()
        assert tensors.live == 12000
        del y
        same.add_(1)
        assert (tensors.live, tensors.peak) == (4000, 12000)


def test_tensors_without_content_count_as_if_they_had_one():
    with FakeTensorMode(), LiveTensors() as tensors:
        layer = torch.nn.Conv3d(2, 4, 1, bias=False)
        weights = 4 * (4 * 2)
        assert tensors.live == weights
        y = layer(torch.empty(1, 2, 10, 10, 10))
        assert tensors.live == weights + 4 * 2000 + 4 * 4000, "the gradient needs the input"
        y = y.detach()
        assert tensors.live == weights + 4 * 4000, "nothing needs the input any more"
        del y
        assert tensors.live == weights


def test_several_results_of_one_operation_are_all_counted():
    with LiveTensors() as tensors:
        values, indices = torch.zeros(1000).sort()
        assert tensors.live == 4 * 1000 + 8 * 1000
        parts = values.split(100)
        assert tensors.live == 4 * 1000 + 8 * 1000, "views take no memory"
        del values, indices, parts
    assert tensors.live == 0


def test_the_presets_take_as_much_as_the_documentation_says():
    config = read_config("default")
    assert config.run.gradient_checkpointing
    assert gpu_memory_gb(config) == pytest.approx(2.3, abs=0.05)
    without = replace(config, run=replace(config.run, gradient_checkpointing=False))
    assert gpu_memory_gb(without) == pytest.approx(10.6, abs=0.05)
