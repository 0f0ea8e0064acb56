"""The schedule of the learning rate, and what a network starts from."""

from itertools import pairwise

import pytest
import torch
from safetensors.torch import load_file

from CraNeXtLib.completion import model_library
from CraNeXtLib.networks.compact_weights import restored
from CraNeXtLib.training.config import OptimizationConfig
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.module import check_network, make_network, rate_at


def test_the_learning_rate_rises_stays_and_falls():
    options = OptimizationConfig(warmup_steps=10, decay=0.4)
    rates = [rate_at(options, 100, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:61] == [1.0] * 51
    assert all(later < earlier for earlier, later in pairwise(rates[61:]))
    assert rates[-1] < 0.01
    assert rate_at(OptimizationConfig(warmup_steps=0, decay=0.0), 100, 99) == 1.0


@pytest.mark.parametrize(("preset", "prefix"), [("face-deep-cpu", "face."), ("refiner-deep-cpu", "network.")])
def test_the_presets_that_train_on_start_from_the_bundled_weights(preset, prefix):
    network = make_network(read_config(preset)).state_dict()
    bundled = restored(load_file(model_library.find("cranext_refined").weights))
    for key, value in network.items():
        torch.testing.assert_close(value, bundled[prefix + key].float())


def test_the_presets_for_a_gpu_fit_their_grids_and_start_as_they_say():
    check_network(read_config("face"))
    network = make_network(read_config("refiner")).state_dict()
    bundled = restored(load_file(model_library.find("cranext_refined").weights))
    for name in ("gain", "network.network.up_stages.0.0.compress.weight"):
        torch.testing.assert_close(network[name], bundled[f"network.{name}"].float())
