"""All networks, built by name."""

from __future__ import annotations

from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from CraNeXtLib.networks.cranext import CraNeXt as CraNeXt

# The class of each network, imported on use because it needs torch, and the options that define the network.
_NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "cranext": ("CraNeXtLib.networks.cranext:CraNeXt", {}),
    "cranext_tiny": (
        "CraNeXtLib.networks.cranext:CraNeXt",
        {"depths": (1, 3, 1, 1, 1), "widths": (32, 64, 128, 64, 32)},
    ),
    "cranext_folded": ("CraNeXtLib.networks.folded_cranext:FoldedCraNeXt", {}),
    "cranext_refiner": (
        "CraNeXtLib.networks.cranext_refiner:CraNeXtRefiner",
        {"grn": "3d", "drop_path": 0.0, "mirrored": True},
    ),
    "unet3dcnn": ("CraNeXtLib.networks.unet3dcnn:UNet3DCNN", {}),
    "unet3dcnn_attention": ("CraNeXtLib.networks.unet3dcnn_attention:AttentionUNet3DCNN", {}),
    "unet3dcnn_convnext": ("CraNeXtLib.networks.cranext:CraNeXt", {"depths": (2, 2, 2, 2, 3, 1, 1, 1, 1)}),
    "wodzinski_unet": ("CraNeXtLib.networks.wodzinski_unet:WodzinskiUNet", {}),
    "wodzinski_unet_convnext": ("CraNeXtLib.networks.wodzinski_unet_convnext:ConvNeXtWodzinskiUNet", {}),
}

NAMES = tuple(_NETWORKS)


def build(name: str, **options: Any) -> nn.Module:
    """Return a network with newly initialized weights, in training mode.

    Every network maps a tensor of shape (B, C, X, Y, Z) to logits of shape (B, 1, X, Y, Z).

    Args:
        name: One of ``NAMES``.
        options: Keyword arguments of the network's class, such as ``in_channels``.

    Raises:
        InputError: If there is no network of that name.
    """
    if name not in _NETWORKS:
        raise InputError(f"There is no network '{name}'; choose one of {', '.join(NAMES)}.")
    network, defaults = _NETWORKS[name]
    return resolve_name(network)(**{**defaults, **options})


def __getattr__(name: str) -> Any:
    if name == "CraNeXt":
        return resolve_name("CraNeXtLib.networks.cranext:CraNeXt")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
