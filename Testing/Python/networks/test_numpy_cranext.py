"""NumPy computes what PyTorch does, for random weights of every kind of folded network, and refuses other weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from CraNeXtLib import networks
from CraNeXtLib.core.errors import InputError

NARROW = {"widths": (4, 6, 8, 6, 4), "depths": (1, 2, 1, 1, 1)}


def trained(name: str, **options):
    """Return a PyTorch network with random weights, none of which is zero, and its state dict as arrays."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    torch.manual_seed(0)
    network = networks.build(name, **options).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network, {key: value.numpy() for key, value in network.state_dict().items()}


def logits_of(network, x: np.ndarray) -> np.ndarray:
    import torch

    with torch.inference_mode():
        return network(torch.as_tensor(x)[None])[0, 0].numpy()


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("cranext_folded", {"in_channels": 2, "grn": "official"}, (64, 66, 70)),  # levels of odd sizes
        ("cranext_folded", {"mirrored": True, "grn": "3d", "depths": (1, 1, 1), "widths": (4, 8, 6)}, (64, 64, 64)),
        ("cranext_refiner", {}, (66, 64, 68)),
    ],
)
def test_the_logits_are_those_of_pytorch(name, options, size):
    options = {**NARROW, **options}
    network, arrays = trained(name, **options)
    x = np.random.default_rng(0).random((network_channels(name, options), *size), dtype=np.float32)
    told = []
    assert_allclose(
        networks.build_numpy(name, arrays, **options).logits(x, told.append),
        logits_of(network, x),
        atol=2e-5,
        rtol=1e-5,
    )
    assert told == sorted(told)
    assert told[-1] == 1


def network_channels(name: str, options: dict) -> int:
    return 3 if name == "cranext_refiner" else options.get("in_channels", 1)


def test_sizes_and_channels_are_checked():
    _, arrays = trained("cranext_folded", **NARROW)
    network = networks.build_numpy("cranext_folded", arrays, **NARROW)
    for shape in ((1, 64, 65, 64), (1, 62, 64, 64), (2, 64, 64, 64)):
        with pytest.raises(InputError, match="even sizes of at least 64"):
            network.logits(np.zeros(shape, np.float32))


def test_other_weights_and_options_are_refused():
    _, arrays = trained("cranext_folded", **NARROW)

    def refused(match: str, weights: dict, **options):
        with pytest.raises(InputError, match=match):
            networks.build_numpy("cranext_folded", weights, **{**NARROW, **options})

    name = "network.down_stages.0.0.norm.bias"
    refused(f"{name} must have the shape \\(4,\\), not nothing", {k: v for k, v in arrays.items() if k != name})
    refused(f"{name} must have the shape \\(4,\\), not the shape \\(5,\\)", arrays | {name: np.zeros(5)})
    refused("which has no network.more", arrays | {"network.more": np.zeros(1)})
    refused("not finite", arrays | {name: np.full(4, np.nan)})
    refused("There is no network of depths", arrays, depths=(1, 1))
    refused("There is no network of depths", arrays, grn="2d")
    refused("cannot be built with these options", arrays, unknown=1)
    refused("must have the shape", arrays, in_channels=2)
    refused("more than 2048", arrays, widths=(4, 10**6, 4))


def test_the_refiner_takes_three_channels_and_needs_its_gain():
    with pytest.raises(InputError, match="takes 3 channels, not 2"):
        networks.build_numpy("cranext_refiner", {}, in_channels=2)
    with pytest.raises(InputError, match="lack the gain"):
        networks.build_numpy("cranext_refiner", {})
