"""What is installed and where, for bug reports and for Slicer's panels.

This runs in any Python, even in one without the packages that CraNeXt needs.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from CraNeXtLib.core.product import __version__
from CraNeXtLib.core.resources import LIBRARY, home
from CraNeXtLib.core.runtime.requirements import ALWAYS, EXTRAS, installed_version, requirements
from CraNeXtLib.core.runtime.threads import thread_count

_SECONDS_FOR_DRIVER = 10


def examine(models: Sequence[str] = ()) -> dict[str, Any]:
    """Return what this Python offers, without importing any package but torch, which alone knows the graphics card.

    Args:
        models: Names of the available models, which the caller looks up.

    Returns:
        Among others, ``packages`` with versions as :func:`installed_version` returns them, ``torch`` with its build,
        the reason why it cannot be used, or nothing if it is not installed, and ``devices`` on which networks can run,
        the fastest first.
    """
    build, devices = _torch()
    return {
        "cranext": __version__,
        "folder": str(LIBRARY),
        "python": platform.python_version(),
        "executable": sys.executable,
        "system": platform.platform(),
        "packages": {
            name: installed_version(name)
            for name in requirements(*ALWAYS, *(name for lists in EXTRAS.values() for name in lists))
        },
        "torch": build,
        "devices": devices,
        "nvidia_driver": _nvidia_driver(),
        "models": list(models),
        "free_gb": round(_free_gb(home()), 1),
    }


def describe(found: dict[str, Any]) -> str:
    """Return what :func:`examine` found as text to paste into a bug report, without the user's name."""
    required = requirements(*ALWAYS)
    lines = [
        f"cranext {found['cranext']} in {found['folder']}",
        f"Python {found['python']} ({found['executable']})",
        f"System {found['system']}",
        *(_package_line(name, version, name in required) for name, version in found["packages"].items()),
        f"PyTorch {found['torch'].get('build') or found['torch'].get('trouble') or 'not installed (optional)'}",
        f"Devices: {', '.join(device['title'] for device in found['devices'])}",
        f"NVIDIA driver {found['nvidia_driver'] or 'not found'}",
        *(f"Model: {model}" for model in found["models"]),
        f"{found['free_gb']} GB free",
    ]
    return "\n".join(lines).replace(str(Path.home()), "~")


def _package_line(name: str, version: str | None, required: bool) -> str:
    if version is None:
        return f"{name} MISSING; run: pip install {name}" if required else f"{name} not installed (optional)"
    return f"{name} {version or 'of unknown version'}"


def _torch() -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return torch's build and the devices that it can actually use."""
    cpu = {"kind": "cpu", "title": f"cpu ({thread_count()} threads)", "name": "CPU"}
    try:
        import torch
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name == "torch"
        return {} if missing else {"trouble": f"cannot be imported: {error}"}, [cpu]
    cuda = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
    build: dict[str, Any] = {"build": f"{torch.__version__} for {cuda}", "cuda": torch.version.cuda}
    devices = []
    if torch.cuda.is_available():
        name, memory = torch.cuda.get_device_name(0), torch.cuda.get_device_properties(0).total_memory / 1e9
        try:
            torch.zeros(8, device="cuda").add(1).sum().item()
            devices.append({"kind": "cuda", "title": f"cuda ({name}, {memory:.0f} GB)", "name": name})
        except RuntimeError as error:  # a build without kernels for the card fails only once it computes
            build["trouble"] = f"{name} cannot be used: {str(error).splitlines()[0]}"
    if torch.backends.mps.is_available():
        devices.append({"kind": "mps", "title": "mps", "name": "Apple GPU"})
    return build, [*devices, cpu]


def _nvidia_driver() -> str | None:
    """Return the version of NVIDIA's driver, or None; a build of torch for the CPU cannot tell."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    command = [program, "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS_FOR_DRIVER, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return output.splitlines()[0].strip() if output.strip() else None


def _free_gb(folder: Path) -> float:
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9
