"""One button, one folder: everything for printing and for the record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ctk
import qt
import slicer

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.result_references import description_of, what_an_implant_lacks
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel

SCENE_FILE = "scene.mrb"


class ExportSection:
    """The section Export.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        finishing: Returns how the part to be made is finished, as arguments of a run.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, finishing: Callable[[], dict[str, Any]]) -> None:
        self._ui = ui
        self._binding = binding
        self._finishing = finishing
        self.exporting = RunPanel(
            _("E&xport"),
            tool_tip=_("Write the implant as STL, 3MF and NRRD, the report and the scene into the case's folder"),
            name=_("exporting"),
            start=self._start,
            succeeded=self._save_scene,
        )
        ui.exportFrame.layout().addWidget(self.exporting.widget)
        self._open = qt.QPushButton(_("Open the folder"))
        self._open.toolTip = _("Show the exported files in the computer's file manager")
        self._open.setVisible(False)
        self._open.connect("clicked()", self._open_folder)
        ui.exportFrame.layout().addWidget(self._open)
        ui.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        ui.folderEdit.connect("currentPathChanged(QString)", lambda _path: self.update())
        self._written: Path | None = None

    def update(self) -> None:
        """Say what is still needed."""
        lacking = what_an_implant_lacks(self._binding.parameters.result)
        self.exporting.block(lacking or ("" if self._ui.folderEdit.currentPath else _("Choose a folder.")))

    def close(self) -> None:
        """Let go of the widgets before they are deleted."""
        self.exporting.close()

    def _start(self, **told: Any) -> ImplantFilesRun:
        self._open.setVisible(False)
        parameters = self._binding.parameters
        name = _folder_name(parameters.caseName) or f"case_{datetime.now():%Y-%m-%d_%H-%M-%S}"
        out = Path(self._ui.folderEdit.currentPath) / name
        _check_same_case(out, description_of(parameters.result))
        self._ui.folderEdit.addCurrentPathToHistory()
        case_id = parameters.caseName or None
        return ImplantFilesRun(parameters.result, out, case_id=case_id, **self._finishing(), **told)

    def _save_scene(self, run: ImplantFilesRun) -> None:
        self._binding.update()
        self._written = run.out
        with slicer.util.WaitCursor(), TemporaryDirectory(prefix=".", dir=run.out) as folder:
            unfinished = Path(folder) / SCENE_FILE
            if not slicer.util.saveScene(str(unfinished)):
                raise InputError(
                    _("The scene cannot be saved into {folder}; the other files are there.").format(folder=run.out)
                )
            unfinished.replace(run.out / SCENE_FILE)
        self.exporting.message.show("done", _("Everything is in {folder}.").format(folder=run.out))
        self._open.setVisible(True)

    def _open_folder(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._written)))


def _folder_name(name: str) -> str:
    """Return a name that any system accepts for a folder; empty if nothing is left."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(". ")[:80]


def _check_same_case(out: Path, description: dict[str, Any]) -> None:
    """Refuse to write over the files of another skull.

    Raises:
        InputError: If the folder holds anything but an earlier export of the same skull.
    """
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        earlier = json.loads((out / "result.json").read_text(encoding="utf-8"))["input"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        earlier = None
    if earlier != description["input"]["sha256"]:
        raise InputError(_("{folder} holds files of something else; choose another case name.").format(folder=out))
