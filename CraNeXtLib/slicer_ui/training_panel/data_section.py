"""Choice of a data set, and the result of checking it."""

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
    """The section “Data set”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        ensure: Offers to install missing packages; returns whether a computation can start.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, ensure: Callable[[], bool]) -> None:
        self._ui = ui
        self._binding = binding
        ui.manifestEdit.nameFilters = [_("Manifests") + " (*.csv *.json)"]
        self._manifest = PathText(ui.manifestEdit, binding, "manifest")
        self.checking = RunPanel(
            _("Chec&k the data set"),
            tool_tip=_("Read every case and look for problems that would stop or degrade training"),
            name=_("checking a data set"),
            ask=ensure,
            start=lambda **callbacks: DatasetCheckRun(
                binding.parameters.manifest, binding.parameters.problems, **callbacks
            ),
            succeeded=self._checked,
        )
        ui.checkFrame.layout().addWidget(self.checking.widget)
        self.message = message_in(ui.checkMessageFrame.layout())

    def update(self) -> None:
        """Show what is still needed, and the result of the last check if it was of this data set."""
        parameters = self._binding.parameters
        self._manifest.update()
        self.checking.block(self.missing())
        found = _found(parameters.problems, parameters.manifest)
        if found is None:
            self.message.clear()
        else:
            self.message.show(_kind(found), _summary(found))
        listed = found is not None and parameters.problems.GetNumberOfRows() > 0
        self._ui.problemsTable.setVisible(listed)
        self._ui.problemsTable.setMRMLTableNode(parameters.problems if listed else None)
        if listed:
            show_whole_texts(self._ui.problemsTable)

    def missing(self) -> str:
        """Return a sentence on what to do before the data set can be used; empty if it can be."""
        manifest = self._binding.parameters.manifest
        if not manifest:
            return _("Choose a manifest under “Data set”. “cranext dataset make” writes one.")
        if not Path(manifest).is_file():
            return _("There is no file {path}. Choose another manifest under “Data set”.").format(path=manifest)
        return ""

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        self.checking.close()

    def _checked(self, run: DatasetCheckRun) -> None:
        self._binding.parameters.problems = run.table
        self._binding.update()


def _found(table: Any, manifest: str) -> dict[str, Any] | None:
    """Return the result of the last check, None if this data set was not checked."""
    if table is None or not table.GetAttribute(CHECK_ATTRIBUTE):
        return None
    found = json.loads(table.GetAttribute(CHECK_ATTRIBUTE))
    return found if manifest and found["manifest"] == str(Path(manifest).absolute()) else None


def _kind(found: dict[str, Any]) -> str:
    if found["errors"]:
        return "error"
    return "warning" if found["warnings"] or _missing_splits(found) else "done"


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
        _("No case is assigned to {split}, but training needs some.").format(split=_names()[split])
        for split in _missing_splits(found)
    ]
    if found["errors"]:
        texts.append(_("Errors to fix: {errors}.").format(**found))
    if found["warnings"]:
        texts.append(_("Warnings to review: {warnings}.").format(**found))
    if not found["errors"] and not found["warnings"]:
        texts.append(_("No problems were found."))
    return " ".join(texts)


def _missing_splits(found: dict[str, Any]) -> list[str]:
    return [split for split in ("training", "validation") if split not in found["splits"]]


def _names() -> dict[str, str]:
    return {"training": _("training"), "validation": _("validation")}
