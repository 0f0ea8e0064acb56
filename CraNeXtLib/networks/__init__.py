"""Every network, built by its name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from CraNeXtLib.networks.cranext import CraNeXt as CraNeXt

# Name: (module, class, the options that make the class this network). Modules are imported on use: they need torch.
_NETWORKS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cranext": ("cranext", "CraNeXt", {}),
    "cranext_tiny": ("cranext", "CraNeXt", {"depths": (1, 3, 1, 1, 1), "widths": (32, 64, 128, 64, 32)}),
    "cranext_folded": ("folded", "FoldedCraNeXt", {}),
    "cranext_refiner": ("refiner", "CraNeXtRefiner", {"grn": "3d", "drop_path": 0.0, "mirrored": True}),
    "unet3dcnn": ("unet3dcnn", "UNet3DCNN", {}),
    "unet3dcnn_attention": ("unet3dcnn_attention", "AttentionUNet3DCNN", {}),
    "unet3dcnn_convnext": ("cranext", "CraNeXt", {"depths": (2, 2, 2, 2, 3, 1, 1, 1, 1)}),
    "wodzinski_unet": ("wodzinski_unet", "WodzinskiUNet", {}),
    "wodzinski_unet_convnext": ("wodzinski_unet_convnext", "ConvNeXtWodzinskiUNet", {}),
}

NAMES = tuple(_NETWORKS)


def build(name: str, **options: Any) -> nn.Module:
    """Return the network of that name with fresh weights, in training mode.

    Every network takes a tensor of shape (B, C, X, Y, Z) and returns logits of shape (B, 1, X, Y, Z).

    Args:
        name: One of ``NAMES``.
        options: Keyword arguments of the network's class, such as ``in_channels``.

    Raises:
        InputError: If there is no network of that name.
    """
    if name not in _NETWORKS:
        raise InputError(f"There is no network '{name}'; choose one of {', '.join(NAMES)}.")
    module, network, defaults = _NETWORKS[name]
    return getattr(import_module(f"{__name__}.{module}"), network)(**{**defaults, **options})


def __getattr__(name: str) -> Any:
    if name == "CraNeXt":
        return import_module(f"{__name__}.cranext").CraNeXt
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
