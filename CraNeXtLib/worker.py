"""The child process of heavy work: a job file in, JSON lines of progress out, cancelled through its standard input.

It is started by path (``python worker.py job.json``), so that any Python that has the dependencies will do, also one
that does not know where CraNeXtLib lies. See :mod:`CraNeXtLib.jobs` for the other end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, TextIO

# Slicer's launcher sets this variable, and the ITK inside antspyx or SimpleITK would load Slicer's plugins and crash
# (ANTsPy issue 870).
os.environ.pop("ITK_AUTOLOAD_PATH", None)
if __package__ in (None, ""):
    folder = str(Path(__file__).resolve().parent)
    # The folder of this file must not be importable: its module names, such as statistics, hide the standard ones.
    sys.path[:] = [str(Path(folder).parent), *(p for p in sys.path if str(Path(p or ".").resolve()) != folder)]

_SECONDS_TO_CANCEL = 10.0


def main(job_file: str) -> int:
    """Run the job in a file and return the exit status; see ``errors`` for their meaning."""
    from CraNeXtLib.errors import CancelledError, CraNeXtError

    # Libraries print what they like; only events may reach the parent's pipe.
    events, sys.stdout = sys.stdout, sys.stderr
    cancelled = threading.Event()
    threading.Thread(target=_watch_standard_input, args=(cancelled,), daemon=True).start()

    def progress(stage: str, fraction: float) -> None:
        if cancelled.is_set():
            raise CancelledError("Cancelled.")
        _send(events, event="progress", stage=stage, fraction=round(fraction, 4))

    try:
        job = json.loads(Path(job_file).read_text(encoding="utf-8"))
        result = _run(job["task"], job["arguments"], progress)
    except CraNeXtError as error:
        _send(events, event="error", status=error.exit_status, kind=type(error).__name__, message=str(error))
        return error.exit_status
    except MemoryError:
        _send(events, event="error", status=1, kind="MemoryError", message="This computer's memory is not enough.")
        return 1
    except Exception as error:
        traceback.print_exc()
        _send(events, event="error", status=1, kind=type(error).__name__, message=str(error))
        return 1
    _send(events, event="done", result=result)
    return 0


def _run(task: str, arguments: dict[str, Any], progress: Any) -> dict[str, Any]:
    from CraNeXtLib.errors import InputError

    if task == "reconstruct":
        from CraNeXtLib.cases import CaseSettings, reconstruct_case

        settings = CaseSettings.from_dict(arguments.get("settings", {}))
        return reconstruct_case(arguments["skull"], arguments["out"], settings, progress)
    if task == "evaluate":
        from CraNeXtLib.evaluation import evaluate_files

        return {"files": evaluate_files(**arguments, progress=progress)}
    if task == "categorize":
        from CraNeXtLib.categorization_cases import categorize_case

        return categorize_case(**arguments, progress=progress)
    raise InputError(f"There is no task '{task}'.")


def _watch_standard_input(cancelled: threading.Event) -> None:
    """Cancel when the parent says so or is gone, which closes the pipe; insist if the work does not listen."""
    sys.stdin.readline()
    cancelled.set()
    threading.Event().wait(_SECONDS_TO_CANCEL)
    os._exit(130)


def _send(stream: TextIO, **event: Any) -> None:
    stream.write(json.dumps(event) + "\n")
    stream.flush()


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    os._exit(status)
