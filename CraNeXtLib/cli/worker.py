"""The child process for heavy work: a job file in, JSON lines of progress out, cancelled through its standard input.

It is started by its path (``python worker.py job.json``), so that any Python that has the dependencies can run it, even
if CraNeXtLib is not installed there. The other end is :mod:`CraNeXtLib.core.runtime.jobs`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from CraNeXtLib.core.progress import ProgressCallback

# Slicer's launcher sets this variable, and the ITK inside antspyx or SimpleITK would load Slicer's plugins and crash
# (ANTsPy issue 870).
os.environ.pop("ITK_AUTOLOAD_PATH", None)
if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[2])

_TASKS = {
    "reconstruct": "CraNeXtLib.cli.tasks:reconstruct",
    "evaluate": "CraNeXtLib.cli.tasks:evaluate",
    "categorize": "CraNeXtLib.cases.categorization_case:categorize_case",
    "implant_files": "CraNeXtLib.cases.edited_implant:write_implant_files",
    "finish": "CraNeXtLib.cli.tasks:finish",
    "mold": "CraNeXtLib.cli.tasks:mold",
    "models": "CraNeXtLib.cases.model_files:write_models",
    "release": "CraNeXtLib.cli.tasks:release",
    "check_release": "CraNeXtLib.cli.tasks:check_release",
    "export": "CraNeXtLib.cases.archive.export:export_case",
    "check_dataset": "CraNeXtLib.datasets.check:check_manifest",
    "dry_run": "CraNeXtLib.cli.tasks:dry_run",
    "evaluate_model": "CraNeXtLib.cli.tasks:evaluate_model",
    "import_model": "CraNeXtLib.cli.tasks:import_model",
    "examine": "CraNeXtLib.cli.tasks:examine",
}
"""Tasks that a job can name: functions that take its arguments and ``progress``, and return what fits into JSON."""


def main(job_file: str) -> int:
    """Run the job in a file and return the exit status, whose values are those of :mod:`CraNeXtLib.core.errors`."""
    from CraNeXtLib.core.errors import CancelledError, CraNeXtError
    from CraNeXtLib.core.runtime.memory import memory_advice
    from CraNeXtLib.core.runtime.parent_process import when_parent_closes
    from CraNeXtLib.core.runtime.requirements import package_advice
    from CraNeXtLib.core.runtime.signals import interrupting_signals
    from CraNeXtLib.core.runtime.threads import set_threads

    # Libraries may print anything, but the parent's pipe must carry only events.
    events, sys.stdout = sys.stdout, sys.stderr
    cancelled = threading.Event()
    when_parent_closes(cancelled.set)

    def progress(stage: str, fraction: float) -> None:
        if cancelled.is_set():
            raise CancelledError("Cancelled.")
        _send(events, event="progress", stage=stage, fraction=round(fraction, 4))

    try:
        with interrupting_signals():
            set_threads()
            job = json.loads(Path(job_file).read_text(encoding="utf-8"))
            result = _run(job["task"], job["arguments"], progress)
    except KeyboardInterrupt:
        status = CancelledError.exit_status
        _send(events, event="error", status=status, kind=CancelledError.__name__, message="Cancelled.")
        return status
    except CraNeXtError as error:
        content = {"kind": type(error).__name__, "message": str(error), "warnings": getattr(error, "warnings", ())}
        _send(events, event="error", status=error.exit_status, **content)
        return error.exit_status
    except ImportError as error:
        message = package_advice(error) or (
            f"{sys.executable} lacks the package {error.name or error}; install what CraNeXt needs there, or choose "
            "another Python."
        )
        _send(events, event="error", status=2, kind="InputError", message=message)
        return 2
    except Exception as error:
        traceback.print_exc()
        _send(events, event="error", status=1, kind=type(error).__name__, message=memory_advice(error) or str(error))
        return 1
    _send(events, event="done", result=result)
    return 0


def _run(task: str, arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    from CraNeXtLib.core.errors import InputError

    if task not in _TASKS:
        raise InputError(f"There is no task '{task}'.")
    return resolve_name(_TASKS[task])(**arguments, progress=progress)


def _send(stream: TextIO, **event: Any) -> None:
    stream.write(json.dumps(event) + "\n")
    stream.flush()


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    os._exit(status)
