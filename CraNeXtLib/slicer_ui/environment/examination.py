"""Examination of the worker's Python, in a process of its own, so that Slicer's process never loads torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.runs.worker_run import WorkerRun
from CraNeXtLib.slicer_ui.translation import _


class ExaminationRun(WorkerRun):
    """A worker that examines its own Python; when it has finished, ``found`` is the result of ``environment.examine``.

    Raises:
        InputError: If the chosen Python does not exist.
    """

    def __init__(self, ended: Callable[[ExaminationRun], None]) -> None:
        self.found: dict[str, Any] = {}
        super().__init__(slicer.mrmlScene, ended=ended)

    def _start(self, _folder: Path) -> Job:
        return self._start_job("examine", {})

    def _deliver(self, _folder: Path) -> None:
        self.found = self._job.result()


def verdict(found: dict[str, Any]) -> tuple[str, str]:
    """Return the kind of message and the sentence about a Python in which no package is missing."""
    trouble = found["torch"].get("trouble")
    if trouble:
        return "warning", _("PyTorch: {trouble}. Computations run on the CPU.").format(trouble=trouble)
    if not found["torch"]:
        return "done", _("All packages are installed. Computations run on the CPU.")
    best = found["devices"][0]
    build = found["torch"]["build"]
    if best["kind"] == "cpu" and found["nvidia_driver"]:
        text = _(
            "PyTorch {build} cannot use this computer's NVIDIA graphics card. Install another build with the module "
            "PyTorch Utils. Until then, computations run on the CPU."
        )
        return "warning", text.format(build=build)
    return "done", _("All packages are installed. Networks run on {device}, with PyTorch {build}.").format(
        device=best["name"], build=build
    )
