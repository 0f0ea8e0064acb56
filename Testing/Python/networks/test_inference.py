"""Every network can be run on a volume, with true progress and a fallback to the CPU."""

import pytest
import torch

from CraNeXtLib import networks
from CraNeXtLib.core.errors import CancelledError
from CraNeXtLib.networks.inference import WholeNetwork, runner
from CraNeXtLib.networks.streamed_cranext import StreamedCraNeXt


def narrow_unet() -> torch.nn.Module:
    torch.manual_seed(0)
    return networks.build("unet3dcnn", base_width=8)


def test_a_network_runs_in_one_pass_with_true_progress_and_can_be_stopped():
    network, x = narrow_unet(), torch.rand(2, 1, 32, 32, 32)
    done = []
    logits = runner(network)(x, progress=done.append)
    assert done == sorted(done)
    assert len(done) > 50
    assert done[-1] == 1.0
    with torch.no_grad():
        torch.testing.assert_close(logits, network.eval()(x), rtol=1e-5, atol=1e-5)
    assert network.encoder["layers"][0].blocks[0].conv1.conv._forward_hooks == {}
    assert isinstance(runner(networks.build("cranext_tiny")), StreamedCraNeXt)
    assert isinstance(runner(network), WholeNetwork)

    def stop(_fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        runner(network)(x, progress=stop)


def test_a_gpu_that_is_too_small_gives_way_to_the_cpu(monkeypatch):
    messages, run = [], WholeNetwork._run

    def short_of_memory(self, x, device, *rest):
        if device.type != "cpu":
            raise RuntimeError("MPS backend out of memory")
        return run(self, x, device, *rest)

    monkeypatch.setattr(WholeNetwork, "_run", short_of_memory)
    logits = runner(narrow_unet(), device="mps", notify=messages.append)(torch.rand(1, 1, 32, 32, 32))
    assert logits.shape == (1, 1, 32, 32, 32)
    assert len(messages) == 1
    assert "CPU" in messages[0]


def test_a_refiner_is_streamed_and_adds_the_proposal():
    torch.manual_seed(0)
    network = networks.build("cranext_refiner", widths=(4, 6, 4), depths=(1, 1, 1)).eval()
    x = torch.rand(1, 3, 64, 64, 66)
    with torch.inference_mode():
        torch.testing.assert_close(runner(network)(x), network(x), atol=1e-5, rtol=1e-5)
