"""A file that a process locks while it runs, so that other processes can see whether it still does.

The operating system releases the lock however the process ends, even if it is killed. A process ID would tell less:
IDs are reused, a launcher's ID is not that of the program it starts, and an ID means nothing to another computer that
shares the folder. The package filelock cannot test a lock without taking it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, *, exclusive: bool) -> None:  # noqa: ARG001 (every lock is exclusive on Windows)
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(handle: int, *, exclusive: bool) -> None:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)


_SECONDS_TO_TRY = 1.0  # longer than another process takes to test the lock


class LockedError(Exception):
    """Another process holds the lock."""


@contextmanager
def locked(path: Path, *, seconds: float = _SECONDS_TO_TRY) -> Iterator[None]:
    """Hold a lock on a file, created if necessary, until the block ends. Nothing may write to the file.

    On a file system without locks, the block runs without one.

    Args:
        path: The file. The process that holds the lock may delete it: whoever waits then locks a new file.
        seconds: How long to wait for another process.

    Raises:
        LockedError: If another process holds the lock.
        OSError: If the file cannot be created.
    """
    end = time.monotonic() + seconds
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            while True:
                try:
                    _lock(handle, exclusive=True)
                    break
                except (BlockingIOError, PermissionError) as error:
                    if time.monotonic() > end:
                        raise LockedError(path) from error
                    time.sleep(0.05)
                except OSError:
                    break
            if _is_open_as(handle, path):
                yield
                return
        finally:
            os.close(handle)


def is_locked(path: Path) -> bool:
    """Return whether a process holds a lock on the file."""
    return _holder(path) == "another process"


def is_abandoned(path: Path) -> bool:
    """Return whether the process that created the file has ended, or False if that cannot be determined."""
    return _holder(path) == "none"


def _holder(path: Path) -> str:
    """Return ``"none"``, ``"another process"``, or ``"unknown"`` if there is no such file or no locks."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except (OSError, ValueError):  # a path with a NUL character is a ValueError
        return "unknown"
    try:
        _lock(handle, exclusive=False)
    except (BlockingIOError, PermissionError):
        return "another process"
    except OSError:
        return "unknown"
    finally:
        os.close(handle)
    return "none"


def _is_open_as(handle: int, path: Path) -> bool:
    """Return whether the path still leads to the open file, rather than to none or to a newer one."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except OSError:
        return False
