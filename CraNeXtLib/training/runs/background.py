"""Training runs that outlive the program that started them, such as Slicer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.core.resources import LIBRARY
from CraNeXtLib.training.runs.run_folder import CONFIG, LOG, RunState, announce_start, read_state, write_state

SETTINGS = "settings.yaml"
PROGRAM = LIBRARY / "cli" / "__main__.py"
_LAST_BYTES = 20_000


def start_in_background(
    settings: Mapping[str, Any],
    folder: str | Path,
    *,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen:
    """Start ``cranext train`` as a process that outlives this one. Its output goes to ``log.txt`` in the folder.

    Args:
        settings: The configuration, as in a file for ``cranext train``.
        folder: Folder of the run.
        python: An interpreter that has the packages for training.
        environment: Environment variables of the process; by default those of this process.

    Returns:
        The process. ``run_folder`` follows and stops the run without it.

    Raises:
        InputError: If the folder already holds a run, or cannot be used.
    """
    folder = Path(folder)
    state = read_state(folder)
    if state.is_active:
        raise InputError(f"The run in {folder} is still active; stop it first, or choose another folder (--out).")
    if (folder / CONFIG).is_file():
        raise InputError(f"{folder} already holds a run; continue it (--resume), or choose another folder (--out).")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # JSON is also YAML, for which Slicer's Python has no package.
        (folder / SETTINGS).write_text(json_text(settings), encoding="utf-8")
        (folder / LOG).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"Cannot write to {folder}: {error.strerror or error}; choose another folder (--out)."
        ) from error
    return _start(folder, folder / SETTINGS, [], python, environment)


def resume_in_background(
    folder: str | Path, *, python: str | Path = sys.executable, environment: Mapping[str, str] | None = None
) -> subprocess.Popen:
    """Continue a run that was stopped, killed or failed from its last checkpoint; see :func:`start_in_background`.

    Raises:
        InputError: If the folder holds no run, or one that is active.
    """
    folder = Path(folder)
    if read_state(folder).is_active:
        raise InputError(f"The run in {folder} is already active.")
    config = next((file for name in (CONFIG, SETTINGS) if (file := folder / name).is_file()), None)
    if config is None:
        raise InputError(f"There is no run in {folder}; choose the folder of a run.")
    return _start(folder, config, ["--resume"], python, environment)


def last_lines(folder: str | Path, count: int = 200) -> list[str]:
    """Return the last lines of a run's output."""
    try:
        with (Path(folder) / LOG).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            return file.read().decode("utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return []


def _start(
    folder: Path, config: Path, options: list[str], python: str | Path, environment: Mapping[str, str] | None
) -> subprocess.Popen:
    command = [str(python), str(PROGRAM), "train", str(config), "--out", str(folder), *options]
    announce_start(folder)
    try:
        with (folder / LOG).open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**(os.environ if environment is None else environment), "PYTHONIOENCODING": "utf-8"},
                **_detached(),
            )
    except OSError as error:
        message = f"Cannot start {python}: {error.strerror or error}."
        write_state(folder, RunState(status="failed", message=message))
        raise InputError(message) from error


def _detached() -> dict[str, Any]:
    """Return the options for a process that survives a closed terminal and the end of this process."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
