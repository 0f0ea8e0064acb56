"""Reading checkpoints of CraNeXt and 3DUNetCNN in the form in which their authors publish them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from CraNeXtLib import networks
from CraNeXtLib.anatomy.head.network_grid import NETWORK_SHAPE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import file_size
from CraNeXtLib.core.runtime.library_errors import as_input_error
from CraNeXtLib.networks.unet3dcnn import named_as_ellis


def read_published_checkpoint(path: Path) -> tuple[dict[str, Any], Callable[[Path], None]]:
    """Read a published checkpoint without running any code in it.

    Args:
        path: A ``.pth``, ``.h5`` (Ellis's suffix for the same format) or ``.safetensors`` file with a state dict.

    Returns:
        The description of the model, and a function that writes the weights to a safetensors file.

    Raises:
        InputError: If the file is damaged, holds more than weights, or fits none of the networks.
    """
    from safetensors.torch import save

    weights = named_as_ellis(_read_state_dict(path))
    if not all(value.layout == torch.strided and torch.isfinite(value).all() for value in weights.values()):
        raise InputError(f"{path.name} has weights that are not finite; the network was not trained to the end.")
    shapes = {key: tuple(value.shape) for key, value in weights.items()}
    for name in networks.NAMES:
        with torch.device("meta"):
            expected = {key: tuple(value.shape) for key, value in networks.build(name).state_dict().items()}
        if shapes == expected:
            break
    else:
        raise InputError(f"{path.name} fits none of the networks {', '.join(networks.NAMES)}; check the file.")
    description = {
        "name": f"{name}-published",
        "kind": "network",
        "format_version": 1,
        "network": {"name": name, "options": {}},
        "grid": {"name": "official", "shape": list(NETWORK_SHAPE)},
        "postprocessing": "official",
        "target": "complete",
        "threshold": 0.5,
        "licence": "as its authors state; weights trained on SkullBreak or SkullFix are CC BY-NC-SA 4.0",
        "data": f"imported from {path.name}",
    }
    weights = {key: value.clone(memory_format=torch.contiguous_format) for key, value in weights.items()}

    def write(file: Path) -> None:
        file.write_bytes(save(weights))  # save_file to a full disk would raise an error of its own

    return description, write


def _read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    file_size(path)
    with as_input_error(lambda _error: f"{path.name} is damaged, or holds more than weights and was not opened."):
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in content.items()
    ):
        raise InputError(f"{path.name} does not hold a network's weights by name; check the file.")
    weights = {key.removeprefix("module."): value for key, value in content.items()}
    if len(weights) < len(content):
        raise InputError(f"{path.name} has a weight twice, with and without 'module.'; keep one.")
    return weights
