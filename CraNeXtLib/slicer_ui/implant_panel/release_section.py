"""Releasing an exported case, from when on nothing in its folder may change, and checking a released folder."""

from __future__ import annotations

from typing import Any

import qt
import slicer

from CraNeXtLib.slicer_ui.implant_panel.export_section import ExportSection
from CraNeXtLib.slicer_ui.implant_panel.run_section import RunSection
from CraNeXtLib.slicer_ui.runs.release_run import ReleaseCheckRun, ReleaseRun
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel


class ReleaseSection(RunSection):
    """The part “Release” of the section “Export”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        exports: The section that exports cases.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, exports: ExportSection) -> None:
        self._exports = exports
        self._folder = ""
        self.releasing = RunPanel(
            _("Release"),
            tool_tip=_("Write the hashes of the exported case's files; its folder is then closed for all runs"),
            name=_("releasing a case"),
            start=self._start,
            succeeded=self._released,
            controls={"with --accept": _("under “Reason”"), "The reason for --accept": _("“Reason”")},
        )
        super().__init__(ui, binding, ui.releaseFrame, self.releasing)
        self.checking = RunPanel(
            _("Check a released folder…"),
            tool_tip=_("Tell which files of a released folder have changed, are missing or were added"),
            name=_("checking a released folder"),
            ask=self._ask,
            start=lambda **callbacks: ReleaseCheckRun(slicer.mrmlScene, self._folder, **callbacks),
            succeeded=self._checked,
        )
        ui.releaseFrame.layout().addWidget(self.checking.widget)

    def update(self) -> None:
        """Show what is still needed."""
        self.releasing.block("" if self._exports.folder else _("Press “Export” first."))

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        super().close()
        self.checking.close()

    def _start(self, **callbacks: Any) -> ReleaseRun:
        case = self._exports.folder
        assert case is not None  # or the button would be disabled
        reason = self._ui.acceptEdit.text.strip() or None
        return ReleaseRun(self._binding.parameters.result.GetScene(), case, accept=reason, **callbacks)

    def _released(self, run: ReleaseRun) -> None:
        text = _("{folder} is released: {count} files. SHA-256 of release.json: {hash}").format(
            folder=run.case, count=run.release["files"], hash=run.release["sha256"]
        )
        accepted = run.release["accepted"]
        lines = [run.release["verdict"], *([_("Accepted: {reason}").format(reason=accepted)] if accepted else []), text]
        self.releasing.message.show("warning" if accepted else "done", "\n".join(lines))

    def _ask(self) -> bool:
        self._folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Choose a released folder"), "")
        return bool(self._folder)

    def _checked(self, run: ReleaseCheckRun) -> None:
        self.checking.message.show(*run.outcome)
