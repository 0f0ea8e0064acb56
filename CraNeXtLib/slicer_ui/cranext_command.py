"""Runs the ``cranext`` command in Slicer without a window, for example to train where only Slicer is installed.

    Slicer --no-splash --no-main-window --python-script .../CraNeXtLib/slicer_ui/cranext_command.py -- train paper ...

The command runs in the worker's Python, never in Slicer's process; its output and exit status are passed on.
"""

from __future__ import annotations

import importlib.util
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import slicer

if importlib.util.find_spec("CraNeXtLib") is None:  # a source checkout, of which Slicer knows only the modules
    sys.path.append(str(Path(sys.argv[0]).resolve().parents[2]))


from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.core.resources import LIBRARY
from CraNeXtLib.core.runtime.parent_process import ENDS_WITH_INPUT
from CraNeXtLib.slicer_ui.runs.interpreters import worker_python

PROGRAM = LIBRARY / "cli" / "__main__.py"
_SECONDS_TO_END = 30.0
_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)

Line = tuple[TextIO, str]

_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def run_command(arguments: Sequence[str]) -> int:
    """Run ``cranext`` with arguments, pass on its output, and return its exit status.

    Ctrl-C, SIGTERM and SIGHUP end the command cleanly, with exit status 130. If Slicer is killed, the command ends
    because its standard input closes.
    """
    try:
        python, environment = worker_python()
    except InputError as error:
        print(f"cranext: error: {error}", file=sys.stderr)
        return error.exit_status
    process = subprocess.Popen(
        [python, str(PROGRAM), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**(os.environ if environment is None else environment)}
        | {ENDS_WITH_INPUT: "1", "PYTHONIOENCODING": "utf-8"},
        # Keep the terminal's Ctrl-C from the command: this process ends it.
        start_new_session=sys.platform != "win32",
        creationflags=_WINDOWS_FLAGS,
    )
    assert process.stdin is not None  # it is a pipe
    command_input = process.stdin
    lines: queue.SimpleQueue[Line] = queue.SimpleQueue()
    readers = [
        threading.Thread(target=_read, args=(source, target, lines), daemon=True)
        for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr))
    ]
    for reader in readers:
        reader.start()
    deadline = None

    def end(*_signal: object) -> None:
        nonlocal deadline
        if deadline is None:
            deadline = time.monotonic() + _SECONDS_TO_END
            command_input.close()

    former = {number: signal.signal(number, end) for number in _ENDING}
    try:
        while process.poll() is None or any(reader.is_alive() for reader in readers) or not lines.empty():
            _print(lines)
            slicer.app.processEvents()
            if deadline is not None and time.monotonic() > deadline:
                process.kill()
            time.sleep(0.02)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if deadline is not None:
        return CancelledError.exit_status
    return process.returncode if process.returncode >= 0 else 128 - process.returncode  # as shells report a signal


def _read(source: TextIO, target: TextIO, lines: queue.SimpleQueue[Line]) -> None:
    for line in source:
        lines.put((target, line.rstrip("\n")))


def _print(lines: queue.SimpleQueue[Line]) -> None:
    """Print from the main thread, the only one whose output Slicer's console shows."""
    while not lines.empty():
        target, line = lines.get()
        print(line, file=target, flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    slicer.util.exit(run_command(given[1:] if given[:1] == ["--"] else given))
