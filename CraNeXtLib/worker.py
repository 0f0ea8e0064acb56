"""The child process of heavy work: a job file in, JSON lines of progress out, cancelled through its standard input.

It is started by path (``python worker.py job.json``), so that any Python that has the dependencies will do, also one
that does not know where CraNeXtLib lies. See :mod:`CraNeXtLib.core.runtime.jobs` for the other end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

# Slicer's launcher sets this variable, and the ITK inside antspyx or SimpleITK would load Slicer's plugins and crash
# (ANTsPy issue 870).
os.environ.pop("ITK_AUTOLOAD_PATH", None)
if __package__ in (None, ""):
    folder = str(Path(__file__).resolve().parent)
    # The folder of this file must not be importable: its module names, such as statistics, hide the standard ones.
    sys.path[:] = [str(Path(folder).parent), *(p for p in sys.path if str(Path(p or ".").resolve()) != folder)]


def main(job_file: str) -> int:
    """Run the job in a file and return the exit status; see ``errors`` for their meaning."""
    from CraNeXtLib.core.errors import CancelledError, CraNeXtError
    from CraNeXtLib.core.runtime.parent_process import when_parent_closes

    # Libraries print what they like; only events may reach the parent's pipe.
    events, sys.stdout = sys.stdout, sys.stderr
    cancelled = threading.Event()
    when_parent_closes(cancelled.set)

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
    except ImportError as error:
        message = (
            f"{sys.executable} lacks the package {error.name or error}; install what CraNeXt needs there, or choose "
            "another Python."
        )
        _send(events, event="error", status=2, kind="InputError", message=message)
        return 2
    except Exception as error:
        traceback.print_exc()
        _send(events, event="error", status=1, kind=type(error).__name__, message=_memory_message(error) or str(error))
        return 1
    _send(events, event="done", result=result)
    return 0


def _memory_message(error: Exception) -> str:
    """Return what to do if the memory was not enough, else nothing."""
    if isinstance(error, MemoryError):
        return (
            "This computer's memory is not enough; close other programs, or choose a smaller --model where one is used."
        )
    if "out of memory" in str(error).lower():  # how PyTorch says it, whatever the device
        return "The graphics card's memory is not enough; close programs that use it, or choose cpu for --device."
    return ""


def _run(task: str, arguments: dict[str, Any], progress: Any) -> dict[str, Any]:
    from CraNeXtLib.core.errors import InputError

    if task == "reconstruct":
        from CraNeXtLib.cases import CaseSettings, reconstruct_case
        from CraNeXtLib.scene_surfaces import write_skull_surface

        settings = CaseSettings.from_dict(arguments.get("settings", {}))
        if not arguments.get("for_scene"):
            return reconstruct_case(arguments["skull"], arguments["out"], settings, progress)
        result = reconstruct_case(
            arguments["skull"], arguments["out"], settings, lambda stage, fraction: progress(stage, 0.95 * fraction)
        )
        progress("Preparing the 3D view", 0.95)
        write_skull_surface(arguments["out"])
        progress("Done", 1.0)
        return result
    if task == "evaluate":
        from CraNeXtLib.evaluation import evaluate_files

        return {"files": evaluate_files(**arguments, progress=progress)}
    if task == "categorize":
        from CraNeXtLib.categorization_cases import categorize_case

        return categorize_case(**arguments, progress=progress)
    if task == "implant_files":
        from CraNeXtLib.implant_files import write_implant_files

        return write_implant_files(**arguments, progress=progress)
    if task == "check_dataset":
        from CraNeXtLib.datasets.check import check_manifest

        return check_manifest(arguments["manifest"], progress)
    if task == "dry_run":
        from CraNeXtLib.training.config import read_config
        from CraNeXtLib.training.dry_run import dry_run

        return asdict(dry_run(read_config(arguments["config"]), arguments["cache"], progress))
    if task == "evaluate_model":
        from CraNeXtLib.model_evaluation import evaluate_model

        evaluate_model(**arguments, progress=progress)
        return {}
    if task == "import_model":
        from CraNeXtLib.models import import_model

        progress("Installing the model", 0.0)
        return {"name": import_model(**arguments).name}
    if task == "finish":
        from CraNeXtLib.finishing.case import finish_case
        from CraNeXtLib.finishing.settings import FinishSettings

        settings = FinishSettings.from_dict(arguments.pop("settings", {}))
        return finish_case(**arguments, settings=settings, progress=progress)
    if task == "examine":
        from CraNeXtLib.core.runtime.environment import examine

        return examine()
    raise InputError(f"There is no task '{task}'.")


def _send(stream: TextIO, **event: Any) -> None:
    stream.write(json.dumps(event) + "\n")
    stream.flush()


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stderr.flush()
    os._exit(status)
