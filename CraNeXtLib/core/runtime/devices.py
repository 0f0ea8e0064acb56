"""The devices on which networks can run."""

from __future__ import annotations

from importlib.util import find_spec

from CraNeXtLib.core.errors import InputError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto", *, light: bool = False) -> str:
    """Return the device to use: the named one, or the fastest available for ``"auto"``.

    Args:
        name: One of ``DEVICES``.
        light: Whether the work is done on the CPU before PyTorch is even imported, which alone knows the others.

    Raises:
        InputError: If the name is unknown or the device is unavailable.
    """
    if name not in DEVICES:
        raise InputError(f"Unknown device '{name}'; choose one of: {', '.join(DEVICES)}.")
    if name == "cpu" or (name == "auto" and (light or not find_spec("torch"))):
        return "cpu"
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device in available if available[device]), "cpu")
    if not available[name]:
        raise InputError(f"Device '{name}' is missing, or this PyTorch cannot use it; choose auto or cpu for --device.")
    return name
