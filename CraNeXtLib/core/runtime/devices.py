"""Where networks run."""

from __future__ import annotations

from CraNeXtLib.core.errors import InputError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> str:
    """Return the device to use: the named one, or for ``"auto"`` the fastest that is there.

    Raises:
        InputError: If the name is unknown or the device is not there.
    """
    if name not in DEVICES:
        raise InputError(f"There is no device '{name}'; choose one of: {', '.join(DEVICES)}.")
    if name == "cpu":
        return name
    import torch

    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device in present if present[device]), "cpu")
    if not present[name]:
        raise InputError(
            f"Device '{name}' is not there or this PyTorch cannot use it; choose auto or cpu for --device."
        )
    return name
