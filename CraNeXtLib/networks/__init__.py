"""All networks, built by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Protocol

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.library_errors import as_input_error

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

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

# Networks that also run without PyTorch: the class of each, whose first argument is the weights.
_NUMPY_NETWORKS = {
    "cranext_folded": "CraNeXtLib.networks.numpy_cranext:NumpyFoldedCraNeXt",
    "cranext_refiner": "CraNeXtLib.networks.numpy_refiner:NumpyRefiner",
}

NUMPY_NAMES = tuple(_NUMPY_NETWORKS)

_LARGEST_OPTION, _LARGEST_AXIS = 2048, 512
"""Limits far above every published network, as both may come from a stranger's file."""


class NumpyNetwork(Protocol):
    """A trained network that NumPy computes."""

    def logits(self, x: np.ndarray, progress: Callable[[float], None] = ...) -> np.ndarray:
        """Return the logits (X, Y, Z) of an input (C, X, Y, Z), both in single precision."""


def build(name: str, **options: Any) -> nn.Module:
    """Return a network with newly initialized weights, in training mode.

    Every network maps a tensor of shape (B, C, X, Y, Z) to logits of shape (B, 1, X, Y, Z).

    Args:
        name: One of ``NAMES``.
        options: Keyword arguments of the network's class, such as ``in_channels``.

    Raises:
        InputError: If there is no network of that name, or it cannot be built with these options.
    """
    if name not in _NETWORKS:
        raise InputError(f"There is no network {str(name)[:60]!r}; choose one of {', '.join(NAMES)}.")
    return _made(_NETWORKS[name][0], name, options)


def build_numpy(name: str, arrays: Mapping[str, np.ndarray], **options: Any) -> NumpyNetwork:
    """Return a trained network that NumPy computes.

    Args:
        name: One of ``NUMPY_NAMES``.
        arrays: Its weights, of any floating type.
        options: As for :func:`build`.

    Raises:
        InputError: If it cannot be built with these options, or the weights are not those of such a network.
    """
    return _made(_NUMPY_NETWORKS[name], name, options, arrays)


def _made(path: str, name: str, options: dict[str, Any], *arguments: Any) -> Any:
    """Return an instance of a network's class with the defaults of its name."""
    _check_sizes(options)
    make = resolve_name(path)
    # Layers raise errors of many kinds for sizes that they cannot have.
    with as_input_error(lambda error: f"The network {name} cannot be built with these options: {error}"):
        return make(*arguments, **{**_NETWORKS[name][1], **options})


def check_shape(shape: Sequence[int]) -> None:
    """Check that a grid is one that some network could take.

    Args:
        shape: Number of voxels along R, A and S.

    Raises:
        InputError: If it has other than three axes, or an axis is too long.
    """
    if len(shape) != 3 or not all(isinstance(size, int) and 1 <= size <= _LARGEST_AXIS for size in shape):
        raise InputError(f"A grid needs three axes of at most {_LARGEST_AXIS} voxels, not {str(list(shape))[:60]}.")


def check_grid(name: str, shape: Sequence[int], **options: Any) -> None:
    """Check that a network can take a grid, without computing anything; takes seconds, in which PyTorch prepares that.

    Args:
        name: One of ``NAMES``.
        shape: Number of voxels along R, A and S.
        options: Its options.

    Raises:
        InputError: If it cannot.
    """
    import torch

    check_shape(shape)

    def message(error: Exception) -> str:
        return f"The network {name} cannot take a grid of {list(shape)} voxels: {error}"

    with as_input_error(message, RuntimeError, TypeError), torch.device("meta"), torch.no_grad():
        build(name, **options)(torch.empty(1, options.get("in_channels", 1), *shape))


def names_within(names: Iterable[str], prefix: str) -> list[str]:
    """Return the rest of the names that begin with a prefix: the weights of one network among those of several.

    >>> names_within(["network.head.bias", "mean_skull"], "network.")
    ['head.bias']
    """
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network its weights, converted to its own precision.

    Raises:
        InputError: If they are not those of such a network, or not finite.
    """
    import torch

    with as_input_error(lambda error: f"The weights do not fit the network: {str(error)[:200]}", RuntimeError):
        network.load_state_dict(dict(weights))
    if not all(torch.isfinite(value).all() for value in network.state_dict().values()):
        raise InputError("The weights of the network are not finite; it was not trained to the end.")


def _check_sizes(value: Any) -> None:
    """Raise InputError for options far beyond those of any network, before layers without end are made."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    if len(items) > _LARGEST_OPTION or (isinstance(value, int | float) and not abs(value) <= _LARGEST_OPTION):
        raise InputError(f"A network cannot have options of more than {_LARGEST_OPTION}.")
    for item in items:
        _check_sizes(item)


def __getattr__(name: str) -> Any:
    if name == "CraNeXt":
        return resolve_name("CraNeXtLib.networks.cranext:CraNeXt")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
