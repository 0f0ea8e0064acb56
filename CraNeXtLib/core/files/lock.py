"""A file that a process holds while it lives, so that others can tell whether it still does.

The operating system frees the file whatever ends the process, a kill included. The process's number would say less:
numbers are given again to other programs, that of a launcher is not that of the program which it starts, and on another
computer that shares the folder it means nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    def _lock(handle: int, *, exclusive: bool) -> None:  # noqa: ARG001 (Windows knows no other)
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:

    def _lock(handle: int, *, exclusive: bool) -> None:
        fcntl.flock(handle, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)


_SECONDS_TO_TRY = 1.0  # longer than anybody takes to look whether the file is held


class HeldError(Exception):
    """Another process holds the file."""


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a file, which is made if there is none, until the block ends. It must not be written to.

    On a file system that knows no locks, the block runs without one.

    Raises:
        HeldError: If another process holds it.
        OSError: If the folder refuses the file.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        end = time.monotonic() + _SECONDS_TO_TRY
        while True:
            try:
                _lock(handle, exclusive=True)
                break
            except (BlockingIOError, PermissionError) as error:
                if time.monotonic() > end:
                    raise HeldError(path) from error
                time.sleep(0.05)
            except OSError:
                break
        yield
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Tell whether a process holds the file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        _lock(handle, exclusive=False)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False
