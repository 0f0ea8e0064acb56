"""The demo: reconstruct the bundled skull and compare the implant with the bone that was cut out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT


def run_demo(out: str | Path, progress: ProgressCallback | None = None) -> dict[str, Any]:
    """Reconstruct the bundled defective skull with the default model.

    Args:
        out: Folder to write into.
        progress: Called with the stage and the overall fraction.

    Returns:
        The content of ``result.json``, with ``metrics`` against the bundled reference implant.

    Raises:
        InputError: If the folder cannot be written.
    """
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case

    settings = CaseSettings(reference_implant=str(REFERENCE_IMPLANT))
    return reconstruct_case(DEFECTIVE_SKULL, out, settings, progress)
