"""Losses are what their names say."""

import pytest
import torch

from CraNeXtLib.training.losses import make_loss


def test_the_official_losses_are_those_of_the_published_script():
    logits, target = torch.randn(1, 1, 4, 4, 4), (torch.rand(1, 1, 4, 4, 4) > 0.5).float()
    p = torch.sigmoid(logits)
    soft_dice = 1 - 2 * (p * target).sum() / (p.sum() + target.sum())
    torch.testing.assert_close(make_loss("official-dice")(logits, target), soft_dice, rtol=1e-4, atol=1e-4)
    perfect = make_loss("official-double-sigmoid")((2 * torch.ones_like(target) - 1) * 50, torch.ones_like(target))
    assert float(perfect) == pytest.approx(0.3133, abs=1e-3)  # field knowledge: the floor of cross entropy on sigmoid 1
    assert float(make_loss("dice-bce")(torch.where(target > 0, 50.0, -50.0), target)) == pytest.approx(0, abs=1e-4)
