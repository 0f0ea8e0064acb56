"""A list of the training runs on this computer that were started or opened."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.resources import user_folder
from CraNeXtLib.training.runs.run_folder import read_state

_MAX_RUNS = 50


def known_runs() -> list[Path]:
    """Return the folders in the list that still hold a run, most recent first."""
    return [folder for folder in _listed() if read_state(folder).status != "none"]


def remember_run(folder: str | Path) -> None:
    """Put a run's folder first in the list. If the list cannot be written, nothing happens."""
    folder = Path(folder).absolute()
    folders = [folder, *(other for other in _listed() if other != folder)]
    with suppress(InputError):
        write_text(_list_file(), json_text([str(f) for f in folders[:_MAX_RUNS]]))


def _list_file() -> Path:
    return user_folder().parent / "training_runs.json"


def _listed() -> list[Path]:
    try:
        return [Path(folder) for folder in json.loads(_list_file().read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
