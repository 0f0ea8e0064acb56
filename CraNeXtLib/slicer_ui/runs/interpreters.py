"""Which Python runs the heavy work, and in which environment."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _

PYTHON_SETTING = "CraNeXt/Python"
"""Slicer's setting that names a Python of the user's with CraNeXt's dependencies; empty for Slicer's own."""


def worker_python(python: str | Path | None = None) -> tuple[str, Mapping[str, str] | None]:
    """Return the path of the Python for the worker, and its environment if it differs from this process's.

    Slicer's own Python (``PythonSlicer``) needs the variables that Slicer's launcher has set; any other Python would
    load Slicer's libraries because of them.

    Args:
        python: A Python to use; by default that of the setting, else Slicer's.

    Raises:
        InputError: If there is no such program.
    """
    chosen = str(python or slicer.util.settingsValue(PYTHON_SETTING, ""))
    if not chosen:
        return shutil.which("PythonSlicer") or sys.executable, None
    path = shutil.which(chosen)
    if path is None:
        raise InputError(_("There is no Python at {path}; choose another under “Environment”.").format(path=chosen))
    return path, slicer.util.startupEnvironment()
