"""The folder of an exported case released, and a released folder checked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ReleaseRun(WorkerRun):
    """A worker that freezes the folder of an exported case; the scene stays as it is.

    Args:
        scene: The scene of the case.
        case: Folder of the exported case.
        accept: Why a part is released that does not fit; None for a part that does.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.
    """

    def __init__(self, scene: Any, case: Path, *, accept: str | None = None, **options: Unpack[RunOptions]) -> None:
        self.case = case
        self.release: dict[str, Any] = {}
        """What the task ``release`` returns: case, number of files, verdict and hash of the release."""
        self._arguments = {"folder": str(case), "accept": accept}
        super().__init__(scene, **options)

    def _start(self, folder: Path) -> Job:
        del folder  # the release goes to the case
        return self._start_job("release", self._arguments)

    def _deliver(self, folder: Path) -> None:
        del folder
        self.release = self._job.result()


class ReleaseCheckRun(WorkerRun):
    """A worker that tells what has changed in a released folder; the scene stays as it is.

    Args:
        scene: The scene.
        folder: The released folder.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.
    """

    def __init__(self, scene: Any, folder: str | Path, **options: Unpack[RunOptions]) -> None:
        self.found: dict[str, Any] = {}
        """What the task ``check_release`` returns: names of files that changed, are missing or were added."""
        self._released = str(folder)
        super().__init__(scene, **options)

    @property
    def outcome(self) -> tuple[str, str]:
        """Kind and text of the message about what has changed."""
        words = {"changed": _("Changed"), "missing": _("Missing"), "added": _("Added")}
        found = [f"{word}: {', '.join(self.found[key])}" for key, word in words.items() if self.found[key]]
        whose = {"case": self.found["case_id"], "date": self.found["created"]}
        if not found:
            return "done", _("Case {case} is as it was released on {date}.").format(**whose)
        return "error", "\n".join([_("Case {case} is NOT as it was released on {date}.").format(**whose), *found])

    def _start(self, folder: Path) -> Job:
        del folder  # nothing is written
        return self._start_job("check_release", {"folder": self._released})

    def _deliver(self, folder: Path) -> None:
        del folder
        self.found = self._job.result()
