"""The devices on which networks can run."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> str:
    """Return the device to use: the named one, or the fastest available for ``"auto"``.

    Raises:
        InputError: If the name is unknown or the device is unavailable.
    """
    if name not in DEVICES:
        raise InputError(f"Unknown device '{name}'; choose one of: {', '.join(DEVICES)}.")
    if name == "cpu":
        return name
    import torch

    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device in available if available[device]), "cpu")
    if not available[name]:
        raise InputError(f"Device '{name}' is missing, or this PyTorch cannot use it; choose auto or cpu for --device.")
    return name
