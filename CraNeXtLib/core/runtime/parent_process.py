"""Ending a child process when its parent asks for it or ends itself, however that happens."""

from __future__ import annotations

import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable

from CraNeXtLib.core.errors import CancelledError
from CraNeXtLib.core.runtime.threads import set_threads

ENDS_WITH_INPUT = "CRANEXT_ENDS_WITH_INPUT"
"""Environment variable with which the ``cranext`` command ends, as after Ctrl-C, when its standard input closes."""

_SECONDS_TO_END = 6.0


def when_parent_closes(end: Callable[[], None]) -> None:
    """Call a function when standard input closes, and end the process if the function has not done so in 6 s."""

    def watch() -> None:
        sys.stdin.readline()
        end()
        threading.Event().wait(_SECONDS_TO_END)
        os._exit(CancelledError.exit_status)

    threading.Thread(target=watch, daemon=True).start()


def begin_in_pool(threads: int) -> None:
    """Prepare a process of a pool: limit its threads, and let it end with its parent."""
    set_threads(threads)
    end_with_parent()


def end_with_parent() -> None:
    """Let a process of a pool end when the process that made the pool does, even if that is killed.

    Without this, it would wait for work forever. Ctrl-C, which reaches all processes of a terminal, is left to the
    parent.
    """
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "this process was started by multiprocessing"

    def watch() -> None:
        parent.join()
        os._exit(CancelledError.exit_status)

    threading.Thread(target=watch, daemon=True).start()


def interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread, as Ctrl-C does."""
    if sys.platform == "win32":
        interrupt_main()
    else:  # unlike interrupt_main, a real signal also interrupts a sleep or waiting for another process
        main = threading.main_thread().ident
        assert main is not None, "the main thread has started"
        signal.pthread_kill(main, signal.SIGINT)
