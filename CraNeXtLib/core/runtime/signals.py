"""Signals that end a command as Ctrl-C does, so that it cleans up: those of schedulers and of closed terminals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from CraNeXtLib.core.errors import CancelledError


@contextmanager
def interrupting_signals() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP interrupt the block as SIGINT does.

    A signal that the process was started to ignore stays ignored, as after ``nohup``, and so does a second one of the
    same kind, because the first one's cleaning up must not be interrupted.

    Yields:
        The numbers of the signals that have come.
    """
    come: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)
        come.append(number)
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    in_main = threading.current_thread() is threading.main_thread()  # the only thread that may set handlers
    taken = [number for number in numbers if in_main and signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, interrupt)
    try:
        yield come
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def exit_status(come: list[int]) -> int:
    """Return the status of a command that was interrupted: that of a shell for the first signal, or of Ctrl-C."""
    return 128 + come[0] if come else CancelledError.exit_status
