"""A network with its weights gives the same probabilities whichever library computes it, and no more is imported."""

import json
import subprocess
import sys

import numpy as np
import pytest
from repository import REPOSITORY

from CraNeXtLib import networks
from CraNeXtLib.networks.trained_network import load_network

NARROW = {"widths": (4, 6, 4), "depths": (1, 1, 1), "in_channels": 2}


def written(folder, name, prefix="", **options):
    """Write random weights in half precision, as models have them, and return the file."""
    torch = pytest.importorskip("torch", reason="PyTorch makes the weights")
    from safetensors.torch import save_file

    torch.manual_seed(0)
    weights = {prefix + key: value.half() for key, value in networks.build(name, **options).state_dict().items()}
    save_file(weights | {"other": torch.zeros(1)} if prefix else weights, folder / "weights.safetensors")
    return folder / "weights.safetensors"


def test_numpy_computes_on_the_cpu_and_pytorch_elsewhere(tmp_path):
    network = load_network(
        written(tmp_path, "cranext_folded", "face.", **NARROW), "cranext_folded", NARROW, prefix="face."
    )
    x = np.random.default_rng(0).random((2, 64, 64, 66), dtype=np.float32)
    assert network.light
    told = []
    by_numpy = network.logits(x, device="cpu", progress=told.append)
    assert told[-1] == 1
    by_pytorch = network._torch.logits(x, device="cpu")
    np.testing.assert_allclose(by_numpy, by_pytorch, atol=1e-5)
    with pytest.raises(RuntimeError, match=r"(?i)device|meta"):  # only PyTorch knows this device
        network.logits(x, device="meta")


def test_pytorch_on_another_device_tells_of_short_memory_and_progress(tmp_path, monkeypatch):
    network = load_network(written(tmp_path, "cranext_folded", **NARROW), "cranext_folded", NARROW)
    monkeypatch.setattr("CraNeXtLib.networks.inference.TorchNetwork.logits", lambda _self, _x, **options: options)
    options = {"device": "cuda:1", "notify": print, "progress": abs}
    assert network.logits(np.zeros((2, 64, 64, 64), np.float32), **options) == options


def test_other_networks_are_left_to_pytorch(tmp_path):
    options = {"widths": (4, 6, 4), "depths": (1, 1, 1)}
    network = load_network(written(tmp_path, "cranext", **options), "cranext", options)
    assert not network.light
    assert network.logits(np.zeros((1, 32, 33, 34), np.float32), device="cpu").shape == (32, 33, 34)


def test_no_branch_is_dropped_as_in_training(tmp_path):
    options = {"widths": (4, 6, 4), "depths": (1, 1, 1)}
    file, x = written(tmp_path, "cranext", **options), np.ones((1, 32, 32, 32), np.float32)
    whole, dropping = (
        load_network(file, "cranext", options | more).logits(x, device="cpu") for more in ({}, {"drop_path": 0.99})
    )
    np.testing.assert_array_equal(whole, dropping)


@pytest.mark.slow
def test_the_bundled_models_import_no_pytorch():
    """Loading them, choosing the device and completing the demo skull is all that a reconstruction does with them."""
    program = """
import json, sys
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.core.runtime.devices import choose_device
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume_files import read_volume

head = shrink(read_volume(DEFECTIVE_SKULL), 3.0)
skull = head.with_voxels(head.voxels >= 0.5)
added = []
for name in ("pca_skull", "cranext_refined"):
    completer = load_model(model_library.find(name))
    proposal = completer.propose(skull, device=choose_device("auto", light=completer.light), progress=lambda _: None)
    added.append(int((proposal.probability >= 0.5).sum()))
print(json.dumps({"added": added, "modules": [m for m in ("torch", "monai", "ants", "lightning") if m in sys.modules]}))
"""
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY
    ).stdout
    found = json.loads(printed)
    assert found["modules"] == []
    assert min(found["added"]) > 100
