"""Temporary folders beside the files that they will become, each locked by the process that fills it.

The lock tells what a killed process left from the work of one that is still alive: the next process that writes into
the same folder deletes the former and leaves the latter alone.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from CraNeXtLib.core.files.lock import LockedError, is_abandoned, locked

HIDDEN = ".cranext-"
"""Prefix of all temporary folders; no message names one."""

LOCK = "lock"
_PREFIX = f"{HIDDEN}file-"
_CONTENT = f"{HIDDEN}content"
_umask = threading.Lock()  # of the whole process, so that only one thread may change it for a moment


@contextmanager
def folder_for_files(folder: Path) -> Iterator[None]:
    """Create a folder with its parents; new ones that are empty when the block ends disappear again."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    finally:
        for path in missing:
            with suppress(OSError):
                path.rmdir()


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """Yield a new temporary folder, deleted when the block ends, and delete those that killed processes left there.

    Args:
        parent: The existing folder to make it in, so that files move from one to the other at once.
    """
    sweep(parent)
    with ExitStack() as stack:
        while True:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            with suppress(FileNotFoundError):  # another process took it for a remainder before it was locked
                stack.enter_context(locked_folder(folder))
                break
        content = folder / _CONTENT
        content.mkdir()
        yield content


@contextmanager
def locked_folder(folder: Path, *, seconds: float = 1.0, unless: str = "") -> Iterator[None]:
    """Hold the lock in a temporary folder, and delete the folder when the block ends.

    Args:
        folder: The existing folder.
        seconds: How long to wait for another process.
        unless: Name of a file in it that keeps it from being deleted.

    Raises:
        LockedError: If another process holds it and does not release it in time.
        OSError: If the folder does not exist or cannot be written to.
    """
    try:
        with locked(folder / LOCK, seconds=seconds):
            try:
                yield
            finally:
                if not (unless and (folder / unless).exists()):
                    shutil.rmtree(folder, ignore_errors=True)
    finally:
        if sys.platform == "win32":  # which does not delete an open file
            with suppress(OSError):
                (folder / LOCK).unlink()
                folder.rmdir()


def give_usual_mode(path: Path) -> None:
    """Give a file the permissions that the process gives new files; some libraries write files for the user only."""
    with _umask:
        mask = os.umask(0)
        os.umask(mask)
    path.chmod(0o666 & ~mask)


def sweep(parent: Path) -> None:
    """Delete the temporary folders of processes that have ended."""
    with suppress(OSError):
        for folder in [Path(entry.path) for entry in os.scandir(parent) if entry.name.startswith(_PREFIX)]:
            if is_abandoned(folder / LOCK):
                # Whoever made it a moment ago, in another process or thread, may be about to lock it.
                with suppress(LockedError, OSError), locked_folder(folder, seconds=0):
                    pass
            else:
                with suppress(OSError):
                    folder.rmdir()  # if its process was killed before it could lock it, it is empty
