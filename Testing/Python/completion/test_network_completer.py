"""A network's implant is compared with the one for the mirrored skull, and doubted where both differ."""

import numpy as np
import pytest
import torch
from phantoms import head

from CraNeXtLib.completion.network_completer import MIN_AGREEMENT, NetworkCompleter
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.networks.inference import TorchNetwork

SHAPE = (44, 56, 36)


class Filler(torch.nn.Module):
    """Fills a part of its grid, whatever it is shown."""

    def __init__(self, *part: slice) -> None:
        super().__init__()
        self.part = part

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits = torch.full_like(x, -10.0)
        logits[(..., *self.part)] = 10.0
        return logits


def proposal_of(network: torch.nn.Module, skull: Volume, grid: str = "default"):
    completer = NetworkCompleter(TorchNetwork(network), grid, SHAPE, 0.5, target="implant")
    return completer.propose(skull, device="cpu", progress=lambda _fraction: None)


def test_what_is_alike_on_both_sides_agrees_and_what_is_not_is_doubted():
    skull = head(spacing=(4.0, 4.0, 4.0)).defective
    middle, side = (slice(20, 24), slice(20, 34), slice(8, 16)), (slice(6, 12), slice(20, 34), slice(8, 16))
    agreeing, one_sided = proposal_of(Filler(*middle), skull), proposal_of(Filler(*side), skull)
    assert agreeing.agreement == pytest.approx(1.0)
    assert agreeing.warnings == ()
    assert one_sided.agreement == pytest.approx(0.0)
    assert "for the mirrored skull is only 0.00" in one_sided.warnings[0]
    assert 0 < MIN_AGREEMENT < 1


def test_both_implants_are_compared_on_the_same_side():
    skull = head(spacing=(4.0, 4.0, 4.0)).defective

    class Follower(torch.nn.Module):
        """Adds bone on the side where there is more of it: mirrored on the mirrored skull."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            right = x[..., SHAPE[0] // 2 :, :, :].sum() > x[..., : SHAPE[0] // 2, :, :].sum()
            return Filler(slice(32, 38) if right else slice(6, 12), slice(20, 34), slice(8, 16))(x)

    assert proposal_of(Follower(), skull).agreement == pytest.approx(1.0)


def test_the_published_way_is_not_asked_twice():
    skull = head(spacing=(4.0, 4.0, 4.0)).defective
    asked = []
    network = Filler(slice(20, 24), slice(20, 34), slice(8, 16))
    network.register_forward_hook(lambda *_: asked.append(1))
    proposal = proposal_of(network, skull, "official")
    assert (proposal.agreement, len(asked)) == (None, 1)
    assert proposal.probability.shape == skull.shape
    assert np.isfinite(proposal.probability).all()
