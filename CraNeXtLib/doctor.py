"""What is installed and where, for bug reports."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

import CraNeXtLib
from CraNeXtLib import models

_PACKAGES = (
    "torch",
    "monai",
    "antspyx",
    "numpy",
    "scipy",
    "scikit-image",
    "nibabel",
    "pynrrd",
    "safetensors",
    "trimesh",
)


def describe_environment() -> str:
    """Return a short text without paths of patient data, to be pasted into a bug report."""
    home = models.user_folder()
    lines = [
        f"cranext {CraNeXtLib.__version__} in {Path(CraNeXtLib.__file__).parent}",
        f"Python {platform.python_version()} ({sys.executable})",
        f"System {platform.platform()}",
        *(f"{name} {_version(name)}" for name in _PACKAGES),
        f"Devices: {', '.join(_devices())}",
        *(f"Model: {model.name}, weights {model.sha256[:12]}" for model in models.available()),
        f"Own models in {home}, {_free_gb(home):.1f} GB free",
    ]
    return "\n".join(lines)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "MISSING; run: pip install " + name


def _devices() -> list[str]:
    try:
        import torch
    except ImportError:
        return ["none, since torch is missing"]
    devices = [f"cpu ({torch.get_num_threads()} threads)"]
    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        devices.append(f"cuda ({torch.cuda.get_device_name(0)}, {memory:.0f} GB)")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices


def _free_gb(folder: Path) -> float:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9
