"""Which Python runs the heavy work, and in which environment."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import slicer

from CraNeXtLib.errors import InputError
from CraNeXtLib.slicer_ui.translation import _

PYTHON_SETTING = "CraNeXt/Python"
"""Slicer's setting that names a Python of the user's with CraNeXt's dependencies; empty for Slicer's own."""


@contextmanager
def worker_python(python: str | Path | None = None) -> Iterator[str]:
    """Give the path of the Python for the worker, while this process has the environment that it needs.

    Slicer's own Python (``PythonSlicer``) needs the variables that Slicer's launcher has set; any other Python would
    load Slicer's libraries because of them.

    Args:
        python: A Python to use; by default that of the setting, else Slicer's.

    Raises:
        InputError: If there is no such program.
    """
    chosen = str(python or slicer.util.settingsValue(PYTHON_SETTING, ""))
    if not chosen:
        yield shutil.which("PythonSlicer") or sys.executable
        return
    path = shutil.which(chosen)
    if path is None:
        raise InputError(_("There is no Python at {path}; choose another in the settings.").format(path=chosen))
    before = dict(os.environ)
    try:
        _replace_environment(slicer.util.startupEnvironment())
        yield path
    finally:
        _replace_environment(before)


def _replace_environment(variables: dict[str, str]) -> None:
    for name in set(os.environ) - set(variables):
        del os.environ[name]
    os.environ.update(variables)
