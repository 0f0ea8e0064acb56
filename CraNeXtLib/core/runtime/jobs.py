"""Heavy work in a child process, so that neither a lack of memory nor a second ITK can crash the host application.

The same worker serves Slicer's panels, its console and scripts. A :class:`Job` never blocks: poll it from a timer.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from CraNeXtLib.core import errors
from CraNeXtLib.core.files.filling import clean
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.resources import LIBRARY

WORKER = LIBRARY / "cli" / "worker.py"
_LOG_LINES = 200
_SECONDS_TO_CANCEL = 15.0


class Job:
    """A task that runs in a child process.

    Args:
        task: What to do, such as ``"reconstruct"``; see ``worker.py``.
        arguments: The task's arguments, which JSON must be able to hold.
        python: An interpreter with CraNeXt's dependencies; by default this one.
        environment: The child's environment variables; by default those of this process.
    """

    def __init__(
        self,
        task: str,
        arguments: dict[str, Any],
        *,
        python: str | Path = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cranext-job-"))
        self._out = Path(arguments["out"]) if "out" in arguments else None
        job_file = self._folder / "job.json"
        job_file.write_text(json.dumps({"task": task, "arguments": arguments}), encoding="utf-8")
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._end: dict[str, Any] | None = None
        self._cancelled = False
        self._process = subprocess.Popen(
            [str(python), str(WORKER), str(job_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**(os.environ if environment is None else environment)}
            | {
                "TMPDIR": str(self._folder),
                "TEMP": str(self._folder),
                "PYTHONIOENCODING": "utf-8",
            },
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._readers = [
            threading.Thread(target=self._read_events, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._read_log, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def log(self) -> str:
        """The last lines that the child wrote to standard error."""
        return "\n".join(self._log)

    @property
    def finished(self) -> bool:
        """Whether the work has ended, successfully or not."""
        return self._end is not None

    def poll(self, progress: ProgressCallback | None = None) -> bool:
        """Report the child's progress since the last call, and return whether the work has ended. Never waits."""
        while not self.finished:
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                break
            if event is None:
                self._end = {"event": "error", "kind": "crash", "message": self._crash_message()}
            elif event["event"] != "progress":
                self._end = event
            elif progress is not None:
                progress(event["stage"], event["fraction"])
            if self.finished:
                self._clean_up()
        return self.finished

    def cancel(self) -> None:
        """Ask the child to stop, and kill it if it does not within 15 s. Returns at once; keep polling."""
        if self.finished or self._cancelled:
            return
        self._cancelled = True
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        killer = threading.Timer(_SECONDS_TO_CANCEL, self._kill)
        killer.daemon = True  # a program that has nothing else to do must not wait for it
        killer.start()

    def wait(self, progress: ProgressCallback | None = None) -> dict[str, Any]:
        """Wait for the end and return the result; a CancelledError raised by ``progress`` cancels the job.

        Raises:
            CraNeXtError: The library's own error that the child raised.
            RuntimeError: If the child failed for any other reason or was killed.
        """
        try:
            while not self.poll(progress):
                time.sleep(0.05)
        except BaseException:
            self.cancel()
            while not self.poll():
                time.sleep(0.05)
            raise
        return self.result()

    def result(self) -> dict[str, Any]:
        """Return the result of a finished job, or raise its error; see :meth:`wait`."""
        if self._end is None:
            raise RuntimeError("The job has not finished.")
        if self._end["event"] == "done":
            return self._end["result"]
        if self._cancelled:
            raise errors.CancelledError("Cancelled.")
        message = self._end["message"]
        if self._end["kind"] == errors.NoImplantError.__name__:
            raise errors.NoImplantError(message, warnings=self._end.get("warnings", ()))
        raise getattr(errors, self._end["kind"], RuntimeError)(message)

    def _read_events(self, output: IO[str]) -> None:
        for line in output:
            try:
                self._events.put(json.loads(line))
            except ValueError:
                self._log.append(line.rstrip())
        self._process.wait()
        self._events.put(None)

    def _read_log(self, output: IO[str]) -> None:
        for line in output:
            self._log.append(line.rstrip())

    def _crash_message(self) -> str:
        self._readers[1].join(timeout=1)
        status = self._process.wait()
        if status == -9:
            return (
                "The computation was killed, probably for lack of memory; close other programs and try again, "
                "or choose a smaller --model where one is used."
            )
        last = self._log[-1] if self._log else "no message"
        return f"The computation ended unexpectedly with status {status}: {last}"

    def _kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()

    def _clean_up(self) -> None:
        try:
            self._process.wait(timeout=_SECONDS_TO_CANCEL)
        except subprocess.TimeoutExpired:
            self._kill()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._out is not None:
            clean(self._out)
