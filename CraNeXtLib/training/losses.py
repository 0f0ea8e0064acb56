"""Losses by name. They take logits and targets of shape (B, 1, X, Y, Z); targets are occupancies, 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from CraNeXtLib.core.errors import InputError

Loss = Callable[[Tensor, Tensor], Tensor]


def make_loss(name: str, *, bce_weight: float = 1.0) -> Loss:
    """Return the loss of that name, a function of logits and target.

    ``"dice-bce"``, the default, is soft Dice plus weighted binary cross entropy. The other two are what the published
    script's ``DiceCELoss()`` computes on one sigmoid channel. Before MONAI 1.3 that was Dice alone, because the cross
    entropy of a single channel is 0; since then it is Dice plus a cross entropy that takes probabilities for logits.

    Args:
        name: Name of the loss.
        bce_weight: Weight of the cross entropy in ``"dice-bce"``.

    Raises:
        InputError: If there is no loss of that name.
    """
    losses: dict[str, Loss] = {
        "dice-bce": partial(_dice_bce, weight=bce_weight),
        "official-dice": _official_dice,
        "official-double-sigmoid": _official_double_sigmoid,
    }
    if name not in losses:
        raise InputError(f"There is no loss '{name}'; choose one of {', '.join(losses)}.")
    return losses[name]


def _dice_bce(logits: Tensor, target: Tensor, *, weight: float) -> Tensor:
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, target)
    return weight * cross_entropy + _dice_loss(logits, target, smooth=1.0)


def _official_dice(logits: Tensor, target: Tensor) -> Tensor:
    return _dice_loss(logits, target, smooth=1e-5)  # MONAI's smoothing


def _official_double_sigmoid(logits: Tensor, target: Tensor) -> Tensor:
    probability = torch.sigmoid(logits)
    return _official_dice(logits, target) + functional.binary_cross_entropy_with_logits(probability, target)


def _dice_loss(logits: Tensor, target: Tensor, *, smooth: float) -> Tensor:
    """Return 1 minus the soft Dice of each sample, averaged over the samples."""
    from monai.losses import DiceLoss

    return DiceLoss(sigmoid=True, smooth_nr=smooth, smooth_dr=smooth)(logits, target)
