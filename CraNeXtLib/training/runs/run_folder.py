"""The folder of a training run as other programs see it: the state of the run, and a way to stop it.

The process of the run writes ``run.json`` and holds ``run.lock``; the file ``stop`` asks it to stop. Nothing here
imports torch, so that Slicer can follow a run that was started in a shell, and the other way round.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from CraNeXtLib.core.errors import CancelledError, CraNeXtError, InputError
from CraNeXtLib.core.files.atomic import writing
from CraNeXtLib.core.files.lock import LockedError, is_locked, locked
from CraNeXtLib.core.files.staging import folder_for_files
from CraNeXtLib.core.files.text import json_text, write_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.parent_process import interrupt

CONFIG = "config.yaml"
LOG = "log.txt"
MODEL = "model"
_RECORD, _LOCK, _STOP = "run.json", "run.lock", "stop"

_SECONDS_BETWEEN_LOOKS = 0.5
# A run that is asked to stop has this much time to reach the end of a step, and again this much to end where it is.
_SECONDS_TO_STOP = 15.0
# A process that was announced and does not appear within this time is lost.
_SECONDS_TO_START = 120.0

Status = Literal["none", "starting", "running", "stopping", "done", "stopped", "failed", "lost"]


@dataclass(frozen=True, kw_only=True)
class RunState:
    """State of a run.

    Args:
        status: ``none`` if there is no run in the folder; ``lost`` if its process terminated without writing a final
            status, for example because it was killed.
        stage: Current stage in words, with the remaining time.
        fraction: Fraction of the whole that is done, 0 to 1.
        message: Reason of a failure.
        started: Time at which the process started, ISO 8601.
        updated: Time at which this record was written, ISO 8601.
        computer: Name of the computer.
    """

    status: Status = "none"
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    started: str = ""
    updated: str = ""
    computer: str = ""

    @property
    def is_active(self) -> bool:
        """Whether a process works on the run."""
        return self.status in ("starting", "running", "stopping")

    @property
    def can_resume(self) -> bool:
        """Whether there is a run that ended early."""
        return self.status in ("stopped", "failed", "lost")


def read_state(folder: str | Path) -> RunState:
    """Return the state of the run in a folder."""
    folder = Path(folder)
    state = _read_record(folder)
    if state is None:  # perhaps a run of an earlier version
        state = RunState(status="stopped" if (folder / CONFIG).is_file() else "none")
    if is_locked(folder / _LOCK):
        return replace(state, status="stopping" if (folder / _STOP).exists() else "running")
    if not state.is_active or (state.status == "starting" and abs(_age(state.updated)) < _SECONDS_TO_START):
        return state
    return replace(state, status="lost", message="Its process was killed, or the computer was switched off.")


def request_stop(folder: str | Path) -> None:
    """Ask a run to stop. It does so at the end of a step, after half a minute at most, and keeps its last checkpoint.

    Raises:
        InputError: If the folder cannot be written to.
    """
    try:
        (Path(folder) / _STOP).touch()
    except OSError as error:
        raise InputError(f"Cannot write to {folder}: {error.strerror}; the run in it continues.") from error


def announce_start(folder: Path) -> None:
    """Record that a process is about to start. Requests to stop count from now on.

    Raises:
        InputError: If the folder cannot be written to.
    """
    with suppress(OSError):
        (folder / _STOP).unlink(missing_ok=True)
    write_state(folder, RunState(status="starting", stage="Starting", started=now()))


def write_state(folder: Path, state: RunState) -> None:
    """Write the state of a run.

    Raises:
        InputError: If the folder cannot be written to.
    """
    write_text(folder / _RECORD, json_text(asdict(replace(state, updated=now())), indent=None))


def now() -> str:
    """Return the current time for a record, ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def is_first_process() -> bool:
    """Tell whether this is the first process of the run, or the only one."""
    return not int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", 0)))


@contextmanager
def in_charge(folder: str | Path, progress: ProgressCallback) -> Iterator[ProgressCallback]:
    """Run the body of a ``with`` as the process of the run in a folder: record its state, and stop when asked to.

    Args:
        folder: Folder of the run, which is created if there is none.
        progress: Called with the stage and the fraction of the whole.

    Returns:
        The callback that the body must call instead of ``progress``; it raises CancelledError when the run must stop.

    Raises:
        InputError: If another process works on the run, or the folder cannot be used.
        CancelledError: If the run was stopped by a request, by Ctrl-C or by a scheduler.
    """
    if not is_first_process():
        yield progress
        return
    folder = Path(folder)
    with _new_folder(folder), ExitStack() as stack:
        try:
            with writing(folder):
                folder.mkdir(exist_ok=True)
                was_meant_for_another = (folder / _STOP).exists() and read_state(folder).status != "starting"
                stack.enter_context(locked(folder / _LOCK))
                if was_meant_for_another:  # requests since then are for this process
                    (folder / _STOP).unlink(missing_ok=True)
        except LockedError as error:
            message = f"Another process is working on the run in {folder}; stop that one first."
            raise InputError(message) from error
        keeper = _RecordKeeper(folder, progress)
        with keeper.ending():
            yield keeper.tell


@contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """Make room for the folder of a run; if the run never starts, it disappears again with what was made for it."""
    with ExitStack() as stack:
        with writing(folder):
            stack.enter_context(folder_for_files(folder.parent))
            is_new = not folder.exists()
        try:
            yield
        except InputError:
            if is_new and {path.name for path in folder.rglob("*") if not path.is_dir()} <= {_RECORD, _LOCK}:
                shutil.rmtree(folder, ignore_errors=True)
            raise


class _RecordKeeper(threading.Thread):
    """Writes the record and looks for a request to stop, in a thread of its own that training does not wait for."""

    def __init__(self, folder: Path, progress: ProgressCallback) -> None:
        super().__init__(daemon=True)
        self._folder, self._progress = folder, progress
        self._ended, self._stopping = threading.Event(), threading.Event()
        self._state = RunState(status="running", stage="Starting", started=now(), computer=platform.node())

    def tell(self, stage: str, fraction: float) -> None:
        """Note the stage and pass it on; raise CancelledError if the run must stop."""
        if self._stopping.is_set():
            raise CancelledError("Stopped.")
        self._state = replace(self._state, stage=stage, fraction=fraction)
        self._progress(stage, fraction)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Run the work, and record how it ended."""
        write_state(self._folder, self._state)
        self.start()
        status: Status = "done"
        message = ""
        try:
            yield
        except (CancelledError, KeyboardInterrupt, SystemExit) as error:  # Lightning exits on Ctrl-C and on SIGTERM
            status = "stopped"
            raise CancelledError(f"Stopped; continue the run in {self._folder} with --resume.") from error
        except BaseException as error:
            status, message = "failed", str(error) or type(error).__name__
            raise
        finally:
            self._ended.set()
            self.join()
            with suppress(OSError):
                (self._folder / _STOP).unlink(missing_ok=True)
            state = replace(self._state, status=status, message=message)
            self._write(replace(state, stage="", fraction=1.0) if status == "done" else state)

    def run(self) -> None:
        """Keep the record until the run has ended."""
        written = self._state
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            if self._state is not written:
                written = self._state
                self._write(written)
            if (self._folder / _STOP).exists():
                self._end()
                return

    def _end(self) -> None:  # not _stop: Python's Thread has that, and calls it in every process that is forked
        """Stop at the end of a step; if that takes too long, interrupt the work; if that fails, end the process."""
        self._stopping.set()
        if self._ended.wait(_SECONDS_TO_STOP):
            return
        interrupt()
        if self._ended.wait(_SECONDS_TO_STOP):
            return
        self._write(replace(self._state, status="stopped"))
        os._exit(CancelledError.exit_status)

    def _write(self, state: RunState) -> None:
        with suppress(CraNeXtError):  # a run must not fail because its record cannot be written
            write_state(self._folder, state)


def _read_record(folder: Path) -> RunState | None:
    try:
        values = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        return RunState(**{field.name: values[field.name] for field in fields(RunState)})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _age(time: str) -> float:
    """Return the seconds since a time, negative if the clock was set back; infinity if it cannot be read."""
    try:
        return (datetime.now(timezone.utc) - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return float("inf")
