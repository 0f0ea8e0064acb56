"""Export of everything for printing and for the record into one folder."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import ctk
import qt
import slicer

from CraNeXtLib.cases.case_folder import add_to_files
from CraNeXtLib.cases.result_json import RESULT_FILE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.slicer_ui.implant_panel.run_section import RunSection
from CraNeXtLib.slicer_ui.implant_panel.setting_controls import finishing_controls
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.runs.model_settings import model_settings
from CraNeXtLib.slicer_ui.scene.implant_nodes import RESULT_ATTRIBUTE
from CraNeXtLib.slicer_ui.scene.result_references import description_of, reason_implant_unusable
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel

SCENE_FILE = "scene.mrb"
APPROVAL_SHEET = "approval.html"


class ExportSection(RunSection):
    """The section “Export”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        finishing: Returns the settings of the finished part for a run.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, finishing: Callable[[], dict[str, Any]]) -> None:
        self._finishing = finishing
        self.exporting = RunPanel(
            _("E&xport"),
            tool_tip=_("Write the implant (STL, 3MF, NRRD), the report and the scene to the case folder"),
            name=_("exporting a case"),
            start=self._start,
            succeeded=self._save_scene,
            controls=finishing_controls(ui),
        )
        super().__init__(ui, binding, ui.exportFrame, self.exporting)
        self._open = qt.QPushButton(_("Open folder"))
        self._open.toolTip = _("Show the exported files in the file manager")
        self._open.connect("clicked()", lambda: self._show_file(""))
        self._open_sheet = qt.QPushButton(_("Open approval sheet"))
        self._open_sheet.toolTip = _("Show the page to print and sign in the browser")
        self._open_sheet.connect("clicked()", lambda: self._show_file(APPROVAL_SHEET))
        for button in self._openers:
            button.setVisible(False)
            ui.exportFrame.layout().addWidget(button)
        ui.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        ui.folderEdit.connect("currentPathChanged(QString)", lambda _path: self.update())
        self._exported: tuple[Path, str] | None = None

    def update(self) -> None:
        """Show what is still needed."""
        no_folder = "" if self._ui.folderEdit.currentPath else _("Choose a “Folder”.")
        self.exporting.block(reason_implant_unusable(self._binding.parameters.result) or no_folder)

    @property
    def folder(self) -> Path | None:
        """The case folder that the chosen result was exported to as it is now, if it was."""
        result = self._binding.parameters.result
        if self._exported is None or result is None or result.GetAttribute(RESULT_ATTRIBUTE) != self._exported[1]:
            return None
        return self._exported[0]

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        for button in self._openers:
            button.setVisible(False)
        parameters = self._binding.parameters
        name = _folder_name(parameters.caseName) or f"case_{datetime.now():%Y-%m-%d_%H-%M-%S}"
        out = Path(self._ui.folderEdit.currentPath) / name
        _check_same_case(out, description_of(parameters.result))
        self._ui.folderEdit.addCurrentPathToHistory()
        settings = self._finishing() | model_settings(parameters) | {"glb": parameters.viewerFile}
        case_id = parameters.caseName or None
        return ImplantFilesRun(parameters.result, out, settings=settings, case_id=case_id, **callbacks)

    def _save_scene(self, run: ImplantFilesRun) -> None:
        self._binding.update()
        assert run.out is not None  # an export has a folder
        self._exported = (run.out, run.segmentation.GetAttribute(RESULT_ATTRIBUTE))
        with slicer.util.WaitCursor(), replacing(run.out / SCENE_FILE) as unfinished:
            (run.out / SCENE_FILE).unlink(missing_ok=True)  # of an earlier implant
            if not slicer.util.saveScene(str(unfinished)):
                raise InputError(
                    _(
                        "Cannot save the scene to {folder}; all other files were written. Free some disk space "
                        "there and press “Export” again."
                    ).format(folder=run.out)
                )
        add_to_files(run.out / RESULT_FILE, SCENE_FILE)
        self.exporting.tell(_("All files are in {folder}.").format(folder=run.out))
        for button in self._openers:
            button.setVisible(True)
        self._binding.update()

    @property
    def _openers(self) -> tuple[Any, Any]:
        """The buttons that open what was exported."""
        return self._open, self._open_sheet

    def _show_file(self, name: str) -> None:
        """Open a file of the exported case, or its folder, as the file manager would."""
        if self._exported is not None:
            qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._exported[0] / name)))


def _folder_name(name: str) -> str:
    """Return a name reduced to what every system accepts as a folder name; may be empty."""
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(". ")[:80]


def _check_same_case(out: Path, description: dict[str, Any]) -> None:
    """Refuse to overwrite the files of another skull.

    Raises:
        InputError: If the folder contains anything but an earlier export of the same skull.
    """
    if not out.is_dir() or not any(out.iterdir()):
        return
    try:
        earlier = json.loads((out / RESULT_FILE).read_text(encoding="utf-8"))["input"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        earlier = None
    if earlier != description["input"]["sha256"]:
        raise InputError(_("{folder} contains files of another case. Choose another “Case name”.").format(folder=out))
