"""The folder of a training run as others see it: whether the run goes on, how far it is, and a way to stop it.

The process of the run writes ``run.json`` and holds ``run.lock``; whoever wants it to stop makes the file ``stop``.
Nothing here imports torch, so that Slicer can follow a run that it did not start, and a shell one that Slicer started.
"""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from CraNeXtLib.core.errors import CancelledError, CraNeXtError, InputError
from CraNeXtLib.core.files.atomic import replacing, writing
from CraNeXtLib.core.files.lock import LockedError, is_locked, locked
from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.parent_process import interrupt

CONFIG = "config.yaml"
LOG = "log.txt"
MODEL = "model"
CHECKPOINT = Path("checkpoints") / "last.ckpt"
_RECORD, _LOCK, _STOP = "run.json", "run.lock", "stop"

_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_TO_STOP = 15.0  # until the work is interrupted where it is, and once more until the process ends regardless
_SECONDS_TO_START = 120.0

Status = Literal["none", "starting", "running", "stopping", "done", "stopped", "failed", "lost"]


@dataclass(frozen=True, kw_only=True)
class RunState:
    """How a run stands.

    Args:
        status: ``none`` if there is no run in the folder; ``lost`` if its process ended without a word, as by a kill.
        stage: What it does, in words, with the time left.
        fraction: How much of the whole is done, 0 to 1.
        message: Why it failed.
        started: When its process began, ISO 8601.
        updated: When this was last written, ISO 8601.
        computer: Where it runs.
    """

    status: Status = "none"
    stage: str = ""
    fraction: float = 0.0
    message: str = ""
    started: str = ""
    updated: str = ""
    computer: str = ""

    @property
    def going_on(self) -> bool:
        """Whether a process is at work."""
        return self.status in ("starting", "running", "stopping")

    @property
    def can_resume(self) -> bool:
        """Whether there is a run that has not come to its end."""
        return self.status in ("stopped", "failed", "lost")


def read_state(folder: str | Path) -> RunState:
    """Return how the run in a folder stands."""
    folder = Path(folder)
    state = _read_record(folder)
    if state is None:  # a run of an earlier version, if there is one
        state = RunState(status="stopped" if (folder / CONFIG).is_file() else "none")
    if is_locked(folder / _LOCK):
        return replace(state, status="stopping" if (folder / _STOP).exists() else "running")
    if not state.going_on or (state.status == "starting" and _age(state.updated) < _SECONDS_TO_START):
        return state
    return replace(state, status="lost", message="Its process was killed, or the computer was switched off.")


def request_stop(folder: str | Path) -> None:
    """Ask a run to stop, which takes it a step and at most half a minute; its last checkpoint stays.

    Raises:
        InputError: If the folder cannot be written to.
    """
    try:
        (Path(folder) / _STOP).touch()
    except OSError as error:
        raise InputError(f"Cannot write to {folder}: {error.strerror}; the run there goes on.") from error


def announce_start(folder: Path) -> None:
    """Record that a process is about to take charge; a request to stop counts from here.

    Raises:
        InputError: If the folder cannot be written to.
    """
    with suppress(OSError):
        (folder / _STOP).unlink(missing_ok=True)
    write_state(folder, RunState(status="starting", stage="Starting", started=now()))


def write_state(folder: Path, state: RunState) -> None:
    """Write how a run stands.

    Raises:
        InputError: If the folder cannot be written to.
    """
    with replacing(folder / _RECORD) as temporary:
        temporary.write_text(json_text(asdict(replace(state, updated=now())), indent=None), encoding="utf-8")


def now() -> str:
    """Return the time for a record."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def is_first_process() -> bool:
    """Tell whether this is the first process of the run, or the only one."""
    return not int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", 0)))


@contextmanager
def in_charge(folder: str | Path, progress: ProgressCallback) -> Iterator[ProgressCallback]:
    """Be the process of the run in a folder: record how it goes, and stop when asked to.

    Args:
        folder: Folder of the run, which is made if there is none.
        progress: Told stage and fraction.

    Returns:
        What to tell stage and fraction instead; it raises CancelledError when the run must stop.

    Raises:
        InputError: If another process is in charge, or the folder cannot be used.
        CancelledError: If the run was stopped, by request, by Ctrl-C or by a scheduler.
    """
    if not is_first_process():
        yield progress
        return
    folder = Path(folder)
    is_new = not folder.exists()
    try:
        with ExitStack() as stack:
            try:
                with writing(folder):
                    folder.mkdir(parents=True, exist_ok=True)
                    was_meant_for_another = (folder / _STOP).exists() and read_state(folder).status != "starting"
                    stack.enter_context(locked(folder / _LOCK))
                    if was_meant_for_another:  # a request made since then is for this process
                        (folder / _STOP).unlink(missing_ok=True)
            except LockedError as error:
                message = f"The run in {folder} is going on already, in another process; stop that one first."
                raise InputError(message) from error
            keeper = _RecordKeeper(folder, progress)
            with keeper.ending():
                yield keeper.tell
    except InputError:
        if is_new and folder.is_dir() and {path.name for path in folder.iterdir()} <= {_RECORD, _LOCK}:
            for path in folder.iterdir():  # the run never began
                path.unlink()
            folder.rmdir()
        raise


class _RecordKeeper(threading.Thread):
    """Writes the record and looks for the request to stop, at its own pace, so that training does not wait for it."""

    def __init__(self, folder: Path, progress: ProgressCallback) -> None:
        super().__init__(daemon=True)
        self._folder, self._progress = folder, progress
        self._ended, self._stopping = threading.Event(), threading.Event()
        self._state = RunState(status="running", stage="Starting", started=now(), computer=platform.node())

    def tell(self, stage: str, fraction: float) -> None:
        """Take note of the stage and pass it on; raise CancelledError if the run must stop."""
        if self._stopping.is_set():
            raise CancelledError("Stopped.")
        self._state = replace(self._state, stage=stage, fraction=fraction)
        self._progress(stage, fraction)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Run the work, and record how it ended."""
        write_state(self._folder, self._state)
        self.start()
        end = {"status": "done", "stage": "", "fraction": 1.0}
        try:
            yield
        except (CancelledError, KeyboardInterrupt, SystemExit) as error:  # Lightning exits on Ctrl-C and on SIGTERM
            end = {"status": "stopped"}
            raise CancelledError(f"Stopped; go on with the run in {self._folder} by --resume.") from error
        except BaseException as error:
            end = {"status": "failed", "message": str(error) or type(error).__name__}
            raise
        finally:
            self._ended.set()
            self.join()
            with suppress(OSError):
                (self._folder / _STOP).unlink(missing_ok=True)
            self._write(replace(self._state, **end))

    def run(self) -> None:
        """Keep the record until the run has ended."""
        written = self._state
        while not self._ended.wait(_SECONDS_BETWEEN_LOOKS):
            if self._state is not written:
                written = self._state
                self._write(written)
            if (self._folder / _STOP).exists():
                self._stop()
                return

    def _stop(self) -> None:
        """Stop at the next step; if that takes long, where the work is; if it does not listen, end the process."""
        self._stopping.set()
        if self._ended.wait(_SECONDS_TO_STOP):
            return
        interrupt()
        if self._ended.wait(_SECONDS_TO_STOP):
            return
        self._write(replace(self._state, status="stopped"))
        os._exit(CancelledError.exit_status)

    def _write(self, state: RunState) -> None:
        with suppress(CraNeXtError):  # the record of a run is not worth the run
            write_state(self._folder, state)


def _read_record(folder: Path) -> RunState | None:
    try:
        values = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
        return RunState(**{field.name: values[field.name] for field in fields(RunState)})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _age(time: str) -> float:
    """Return how many seconds ago a time was."""
    try:
        return (datetime.now(timezone.utc) - datetime.fromisoformat(time)).total_seconds()
    except (ValueError, TypeError):
        return float("inf")
