"""Streaming: the plain network's output, true progress, cancelling, and what happens when the GPU is full."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional

from CraNeXtLib import networks
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.networks import streamed_cranext
from CraNeXtLib.networks.streamed_cranext import StreamedCraNeXt
from CraNeXtLib.networks.upsampled_conv import add_upsampled_conv, pack_taps

SIZE = (33, 47, 39)


def network(name: str = "cranext_tiny", **options) -> torch.nn.Module:
    """A network in which every parameter matters: fresh ones switch GRN off."""
    torch.manual_seed(1)
    model = networks.build(name, **options).eval()
    for key, parameter in model.named_parameters():
        if "grn" in key or "norm" in key or parameter.ndim == 1:
            torch.nn.init.normal_(parameter)
    return model


def volume(*shape: int) -> torch.Tensor:
    return (torch.rand(shape, generator=torch.Generator().manual_seed(2)) > 0.7).float()


def plain(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return model(x)


@pytest.mark.parametrize("grn", ["official", "3d"])
@pytest.mark.parametrize("slab_bytes", [1, 2**20, streamed_cranext.CPU_SLAB_BYTES])
def test_streamed_output_is_the_plain_one(monkeypatch, grn, slab_bytes):
    monkeypatch.setattr(streamed_cranext, "CPU_SLAB_BYTES", slab_bytes)
    model, x = network(grn=grn), volume(1, 1, *SIZE)
    wanted = plain(model, x)
    assert wanted.std() > 0.01
    assert (StreamedCraNeXt(model)(x) - wanted).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("cranext", {"in_channels": 9}, (32, 40, 36)),
        ("unet3dcnn_convnext", {}, (32, 40, 36)),
        ("cranext_folded", {"depths": (1, 3, 1, 1, 1), "widths": (32, 64, 128, 64, 32)}, (64, 70, 66)),
        ("cranext_folded", {"depths": (1,) * 5, "widths": (16,) * 5, "mirrored": True}, (64, 66, 64)),
    ],
)
def test_streams_every_network_of_its_blocks(name, options, size):
    model = network(name, **options)
    x = volume(1, options.get("in_channels", 1), *size)
    assert (StreamedCraNeXt(model)(x) - plain(model, x)).abs().max() < 1e-4


def test_streams_a_batch_and_leaves_the_model_alone():
    model, x = network(), volume(2, 1, 32, 34, 36)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    result = StreamedCraNeXt(model)(x)
    assert result.shape == x.shape
    assert (result - plain(model, x)).abs().max() < 1e-4
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_ignores_training_mode():
    model, x = network(), volume(1, 1, 32, 32, 32)
    wanted = plain(model, x)
    assert (StreamedCraNeXt(model.train())(x) - wanted).abs().max() < 1e-4


def test_half_precision_is_close():
    model, x = network(), volume(1, 1, 32, 32, 32)
    result = StreamedCraNeXt(model, dtype=torch.bfloat16)(x)
    assert result.dtype == torch.float32
    difference = (result - plain(model, x)).abs()
    assert 0 < difference.mean() < 0.05 * plain(model, x).std()


@pytest.mark.parametrize("grn", ["official", "3d"])
def test_progress_rises_to_one(monkeypatch, grn):
    monkeypatch.setattr(streamed_cranext, "CPU_SLAB_BYTES", 2**20)
    fractions = []
    StreamedCraNeXt(network(grn=grn))(volume(2, 1, *SIZE), progress=fractions.append)
    assert fractions == sorted(fractions)
    assert len(set(fractions)) > 40
    assert max(b - a for a, b in pairwise(fractions)) < 0.2
    assert fractions[-1] == 1
    assert [fraction for fraction in fractions if 0.98 < fraction < 1]  # the work was estimated right


def test_progress_can_cancel():
    calls = []

    def cancel(fraction: float) -> None:
        calls.append(fraction)
        raise CancelledError("The user cancelled.")

    with pytest.raises(CancelledError):
        StreamedCraNeXt(network())(volume(1, 1, *SIZE), progress=cancel)
    assert len(calls) == 1


def test_refuses_what_the_network_refuses():
    with pytest.raises(InputError, match="at least 32 voxels"):
        StreamedCraNeXt(network())(torch.zeros(1, 1, 32, 31, 32))


def on_a_gpu_that_fails(monkeypatch, model, errors) -> tuple[StreamedCraNeXt, list, list]:
    """A streamed network for CUDA whose first passes raise the errors and whose others run on the CPU."""
    attempts, said = [], []
    original = StreamedCraNeXt._run

    def run(self, sample, report, device, dtype, slab_bytes):
        attempts.append((device.type, slab_bytes))
        if len(attempts) <= len(errors):
            raise errors[len(attempts) - 1]
        return original(self, sample, report, torch.device("cpu"), dtype, slab_bytes)

    monkeypatch.setattr(StreamedCraNeXt, "_run", run)
    return StreamedCraNeXt(model, device="cuda", dtype=torch.float32, notify=said.append), attempts, said


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_falls_back_when_the_gpu_is_full(monkeypatch, failures):
    model, x = network(), volume(1, 1, 32, 32, 32)
    errors = [torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")] * failures
    streamed, attempts, said = on_a_gpu_that_fails(monkeypatch, model, errors)
    assert (streamed(x) - plain(model, x)).abs().max() < 1e-4
    large, small = streamed_cranext.GPU_SLAB_BYTES
    assert attempts == [("cuda", large), ("cuda", small), ("cpu", streamed_cranext.CPU_SLAB_BYTES)][: failures + 1]
    assert ["smaller" in said[0], "CPU" in said[-1]] == [True, failures == 2] if said else failures == 0
    assert len(said) == failures


def test_other_errors_on_the_gpu_are_not_hidden(monkeypatch):
    errors = [RuntimeError("CUDA error: device-side assert triggered")]
    streamed, attempts, said = on_a_gpu_that_fails(monkeypatch, network(), errors)
    with pytest.raises(RuntimeError, match="device-side assert"):
        streamed(volume(1, 1, 32, 32, 32))
    assert len(attempts) == 1
    assert not said


@pytest.mark.parametrize("upsampled", [(4, 6, 10), (5, 7, 11), (9, 6, 5)])
def test_upsampled_convolution_is_the_plain_one(upsampled):
    torch.manual_seed(3)
    small, weight = torch.randn(2, 3, 5, 4), torch.randn(6, 4, 3, 3, 3)  # (Z, X, Y, C); (O, C, X, Y, Z)
    out = torch.zeros(*upsampled, 6)
    add_upsampled_conv(out, small, pack_taps(weight), after_plane=lambda: None)
    large = functional.interpolate(small.permute(3, 1, 2, 0)[None], size=(*upsampled[1:], upsampled[0]), mode="nearest")
    wanted = functional.conv3d(large, weight, padding=1)[0].permute(3, 1, 2, 0)
    torch.testing.assert_close(out, wanted, rtol=1e-4, atol=1e-4)
