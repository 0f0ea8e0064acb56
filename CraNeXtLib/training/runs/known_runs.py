"""The training runs on this computer that were started or looked at, so that they can be found again."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.resources import user_folder
from CraNeXtLib.training.runs.run_folder import read_state

_MOST = 50


def known_runs() -> list[Path]:
    """Return the folders that still hold a run, the latest first."""
    return [folder for folder in _listed() if read_state(folder).status != "none"]


def remember_run(folder: str | Path) -> None:
    """Put a run's folder first in the list; without a word if the list cannot be written."""
    folder = Path(folder).absolute()
    folders = [folder, *(other for other in _listed() if other != folder)]
    with suppress(InputError):
        write_text(_list_file(), json_text([str(f) for f in folders[:_MOST]]))


def _list_file() -> Path:
    return user_folder().parent / "training_runs.json"


def _listed() -> list[Path]:
    try:
        return [Path(folder) for folder in json.loads(_list_file().read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
