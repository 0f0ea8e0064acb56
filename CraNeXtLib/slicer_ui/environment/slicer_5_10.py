"""Replacement for functions that Slicer 5.10 lacks; to be deleted when 5.10 is no longer supported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer


def pip_install(
    requirements: list[str],
    constraints: Path,
    no_deps_requirements: list[str] | None = None,
    **_options: Any,
) -> None:
    """Do the same as ``slicer.packaging.pip_install`` of Slicer 5.12, without a progress window.

    Raises:
        CalledProcessError: If pip failed.
    """
    with slicer.util.WaitCursor():
        if no_deps_requirements:
            slicer.util.pip_install(["--no-deps", *no_deps_requirements])
        if requirements:
            slicer.util.pip_install(["-c", str(constraints), *requirements])
