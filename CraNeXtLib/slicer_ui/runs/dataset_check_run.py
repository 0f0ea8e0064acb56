"""Check of a data set, from the start of the worker to the filled table of problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.runs.worker_run import RunOptions, WorkerRun
from CraNeXtLib.slicer_ui.scene.training_nodes import fill_problems
from CraNeXtLib.slicer_ui.translation import _

if TYPE_CHECKING:
    from typing_extensions import Unpack


class DatasetCheckRun(WorkerRun):
    """A worker that reads every case of a data set, and the table of the problems that it found.

    Args:
        manifest: The data set's manifest.
        table: Table node to fill; None for a new one.
        options: Options of :class:`CraNeXtLib.slicer_ui.runs.worker_run.WorkerRun`.

    Raises:
        InputError: If there is no such file.
    """

    def __init__(
        self,
        manifest: str | Path,
        table: Any = None,
        **options: Unpack[RunOptions],
    ) -> None:
        self.table = table
        self.description: dict[str, Any] | None = None
        self._manifest = Path(manifest)
        if not self._manifest.is_file():
            raise InputError(
                _("There is no file {path}. Choose another manifest under “Data set”.").format(path=manifest)
            )
        super().__init__(host().scene, **options)

    def _start(self, _folder: Path) -> Job:
        arguments = {"manifest": str(self._manifest.absolute())}
        return self._start_job("check_dataset", arguments)

    def _deliver(self, _folder: Path) -> None:
        description = self._job.result()
        name = _("{name} check").format(name=self._manifest.stem)
        self.table = self._output(self.table, "vtkMRMLTableNode", name)
        fill_problems(self.table, description | {"manifest": str(self._manifest.absolute())})
        self.description = description
