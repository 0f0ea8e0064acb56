"""Kernels in 8 bits give nearly the same network, in half of the space, and are never taken for their own values."""

import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import BUNDLED
from CraNeXtLib.networks import compact_weights
from CraNeXtLib.networks.compact_weights import compacted, restored
from CraNeXtLib.networks.numpy_weights import NumpyWeights
from CraNeXtLib.networks.trained_network import load_network


def test_each_value_is_within_a_254th_of_the_largest_of_its_channel():
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(32, 16, 3, 3, 3)).astype(np.float16) * np.geomspace(1e-3, 10, 32).reshape(-1, 1, 1, 1, 1)
    kernel[5] = 0
    weights = {"a.weight": kernel, "a.bias": np.float16([0.1] * 5000), "b.weight": np.full((2, 3), 0.3, np.float16)}
    stored = compacted(weights)
    assert stored["a.weight"].dtype == np.int8
    assert stored["a.weight"].nbytes + stored["a.weight.scales"].nbytes < 0.51 * kernel.astype(np.float16).nbytes
    values = restored(stored)
    assert values.keys() == weights.keys()
    error = np.abs(values["a.weight"] - kernel).max(axis=(1, 2, 3, 4))
    np.testing.assert_array_less(error, np.abs(kernel).max(axis=(1, 2, 3, 4)) / 253.9 + 1e-12)
    assert not values["a.weight"][5].any()
    for name in ("a.bias", "b.weight"):  # biases and small kernels
        np.testing.assert_array_equal(values[name], weights[name])
    again = compacted(values)
    np.testing.assert_array_equal(again["a.weight"], stored["a.weight"])


def test_numpy_and_pytorch_restore_the_same_network(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason="PyTorch makes the weights")
    from safetensors.numpy import save_file

    from CraNeXtLib import networks

    monkeypatch.setattr(compact_weights, "_SMALLEST", 100)
    options = {"widths": (4, 6, 4), "depths": (1, 1, 1), "in_channels": 2}
    torch.manual_seed(0)
    whole = {name: value.numpy() for name, value in networks.build("cranext_folded", **options).state_dict().items()}
    save_file({"face." + name: value for name, value in compacted(whole).items()}, tmp_path / "compact")
    save_file({"face." + name: value for name, value in whole.items()}, tmp_path / "whole")
    x = np.random.default_rng(0).random((2, 64, 64, 64), dtype=np.float32)
    network, exact = (
        load_network(tmp_path / name, "cranext_folded", options, prefix="face.") for name in ("compact", "whole")
    )
    logits = network.logits(x, device="cpu")
    np.testing.assert_allclose(logits, network._torch.logits(x, device="cpu"), atol=1e-5)
    difference = np.abs(logits - exact.logits(x, device="cpu")).max()
    assert 0 < difference < 0.02 * np.ptp(logits) + 1e-3


def test_integers_without_scales_and_scales_without_integers_are_refused():
    stored = compacted({"a.weight": np.ones((64, 64), np.float32)})
    with pytest.raises(InputError, match=r"no scales for a\.weight"):
        restored({"a.weight": stored["a.weight"]})
    weights = NumpyWeights(restored({"a.weight.scales": stored["a.weight.scales"]}))
    with pytest.raises(InputError, match=r"has no a\.weight\.scales"):
        weights.end()


def test_the_bundled_weights_take_at_most_20_mb():
    sizes = [file.stat().st_size for file in BUNDLED.glob("*/weights.safetensors")]
    assert len(sizes) == 2
    assert sum(sizes) < 20e6
