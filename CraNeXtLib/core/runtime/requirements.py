"""The packages that CraNeXt needs, always or for some of its work, and what to do if one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import util

from CraNeXtLib.core.resources import REQUIREMENTS

ALWAYS = ("run", "dicom")
"""Lists of the packages that ``pip install cranext`` installs."""
EXTRAS = {
    "torch": ("torch",),
    "ants": ("ants",),
    "train": ("torch", "train"),
    "dicom": ("codecs", "archive"),
    "app": ("app",),
}
"""The lists of each extra, as in ``pip install "cranext[torch]"``."""

_MODULES = {
    "antspyx": "ants",
    "pyyaml": "yaml",
    "python-gdcm": "gdcm",
    "slicer-core": "slicer",
    "slicer-layer-dm": "slicer_layer_dm",
    "trame-slicer": "trame_slicer",
    "trame-vuetify": "trame_vuetify",
}
"""Modules whose names are not those of their packages."""


def requirements(*lists: str) -> dict[str, str]:
    """Return the required packages and their versions, such as ``{"numpy": ">=1.26"}``.

    Args:
        lists: Names of files in ``REQUIREMENTS``, without suffix, such as ``"run"``.
    """
    found = {}
    for name in lists:
        for line in (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                package, sign, version = line.partition(">=")
                found[package] = sign + version
    return found


def installed_version(name: str) -> str | None:
    """Return a package's version: None if it is not installed, an empty string if its version is unknown."""
    from importlib import metadata  # takes a tenth of the time of cranext --help

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "" if util.find_spec(name) else None  # Slicer brings vtk without metadata


def package_advice(error: BaseException, extras: Sequence[str] = tuple(EXTRAS)) -> str:
    """Return a sentence on what to install if an error means that a package is missing, otherwise an empty string.

    Args:
        error: Any error.
        extras: The extras that the work may need; the first one with the package is named.
    """
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    module = error.name.partition(".")[0]
    for extra in extras:
        if module in {_MODULES.get(package, package) for package in requirements(*EXTRAS[extra])}:
            return f"This needs {module}, which is not installed; {install_command(extra)}"
    return ""


def install_command(extra: str) -> str:
    """Return what to do to install an extra, as the end of a sentence; Slicer's panels name a control instead."""
    return f"run: pip install 'cranext[{extra}]'"
