"""For a child process: end when the parent says so, or is gone. Either closes our standard input."""

from __future__ import annotations

import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable

STATUS = 130
VARIABLE = "CRANEXT_ENDS_WITH_INPUT"
"""Set by a parent, it makes the ``cranext`` command end as if by Ctrl-C when the parent closes its standard input."""

_SECONDS_TO_END = 10.0


def when_parent_closes(end: Callable[[], None]) -> None:
    """Call a function when the parent closes our standard input, and end the process if it does not within seconds."""

    def watch() -> None:
        sys.stdin.readline()
        end()
        threading.Event().wait(_SECONDS_TO_END)
        os._exit(STATUS)

    threading.Thread(target=watch, daemon=True).start()


def interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread, as Ctrl-C does."""
    if sys.platform == "win32":
        interrupt_main()
    else:  # a true signal also ends waiting, as for a sleep or another process
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
