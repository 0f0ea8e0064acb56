"""Choosing a data set, and what a check finds in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from CraNeXtLib.slicer_ui.runs.dataset_check_run import DatasetCheckRun
from CraNeXtLib.slicer_ui.scene.table_views import show_whole_texts
from CraNeXtLib.slicer_ui.scene.training_nodes import CHECK_ATTRIBUTE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.message_label import message_in
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import PathText
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class DataSection:
    """The section Data set.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        ensure: Asks to install what a computation needs and is missing; returns whether it can start.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, ensure: Callable[[], bool]) -> None:
        self._ui = ui
        self._binding = binding
        ui.manifestEdit.nameFilters = [_("Manifests") + " (*.csv *.json)"]
        self._manifest = PathText(ui.manifestEdit, binding, "manifest")
        self.checking = RunPanel(
            _("Chec&k the data set"),
            tool_tip=_("Read every case and look for what would break training or quietly spoil it"),
            name=_("checking a data set"),
            ask=ensure,
            start=lambda **told: DatasetCheckRun(binding.parameters.manifest, binding.parameters.problems, **told),
            succeeded=self._checked,
        )
        ui.checkFrame.layout().addWidget(self.checking.widget)
        self._message = message_in(ui.checkMessageFrame.layout())

    def update(self) -> None:
        """Say what is still needed, and show the result of the check if it is of this data set."""
        parameters = self._binding.parameters
        self._manifest.update()
        self.checking.block(self.missing())
        found = _found(parameters.problems, parameters.manifest)
        if found is None:
            self._message.clear()
        else:
            self._message.show(_kind(found), _summary(found))
        listed = found is not None and parameters.problems.GetNumberOfRows() > 0
        self._ui.problemsTable.setVisible(listed)
        self._ui.problemsTable.setMRMLTableNode(parameters.problems if listed else None)
        if listed:
            show_whole_texts(self._ui.problemsTable)

    def missing(self) -> str:
        """Return what must be done before the data set can be used, or nothing."""
        manifest = self._binding.parameters.manifest
        if not manifest:
            return _("Choose the manifest of a data set; cranext dataset make writes one.")
        if not Path(manifest).is_file():
            return _("There is no data set at {path}; choose another.").format(path=manifest)
        return ""

    def close(self) -> None:
        """Let go of the widgets before they are deleted."""
        self.checking.close()

    def _checked(self, run: DatasetCheckRun) -> None:
        self._binding.parameters.problems = run.table
        self._binding.update()


def _found(table: Any, manifest: str) -> dict[str, Any] | None:
    """Return what the last check found, None if there was none of this data set."""
    if table is None or not table.GetAttribute(CHECK_ATTRIBUTE):
        return None
    found = json.loads(table.GetAttribute(CHECK_ATTRIBUTE))
    return found if manifest and found["manifest"] == str(Path(manifest).absolute()) else None


def _kind(found: dict[str, Any]) -> str:
    if found["errors"]:
        return "error"
    return "warning" if found["warnings"] or _lacking(found) else "done"


def _summary(found: dict[str, Any]) -> str:
    titles = {
        "training": _("{n} for training"),
        "validation": _("{n} for validation"),
        "test": _("{n} for testing"),
        "none": _("{n} without a split"),
    }
    splits = ", ".join(title.format(n=found["splits"][s]) for s, title in titles.items() if s in found["splits"])
    texts = [_("{cases} cases of {skulls} skulls: {splits}.").format(**found | {"splits": splits})]
    texts += [
        _("No case is for {split}; training needs some.").format(split=_names()[split]) for split in _lacking(found)
    ]
    if found["errors"]:
        texts.append(_("Errors to mend: {errors}.").format(**found))
    if found["warnings"]:
        texts.append(_("Warnings to look at: {warnings}.").format(**found))
    if not found["errors"] and not found["warnings"]:
        texts.append(_("Nothing is wrong with them."))
    return " ".join(texts)


def _lacking(found: dict[str, Any]) -> list[str]:
    return [split for split in ("training", "validation") if split not in found["splits"]]


def _names() -> dict[str, str]:
    return {"training": _("training"), "validation": _("validation")}
