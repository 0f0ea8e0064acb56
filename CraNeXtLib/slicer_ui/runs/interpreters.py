"""The Python interpreter and the environment of the worker."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.translation import _

PYTHON_SETTING = "CraNeXt/Python"
"""Slicer setting with the path of an external Python that has CraNeXt's dependencies; empty for Slicer's own."""


def worker_python(python: str | Path | None = None) -> tuple[str, Mapping[str, str] | None]:
    """Return the path of the worker's Python, and its environment variables, None for those of this process.

    Slicer's own Python (``PythonSlicer``) needs the variables that Slicer's launcher sets; any other Python would load
    Slicer's libraries because of them, and gets the variables from before the launch.

    Args:
        python: Path of a Python; by default the one in the setting, or else Slicer's.

    Raises:
        InputError: If there is no such program.
    """
    chosen = str(python or host().setting(PYTHON_SETTING))
    if not chosen:
        return shutil.which("PythonSlicer") or sys.executable, None
    path = shutil.which(chosen)
    if path is None:
        raise InputError(_("There is no Python at {path}. Choose another one under “Environment”.").format(path=chosen))
    return path, host().startup_environment()
