"""Releasing an exported case, from when on nothing in its folder may change, and checking a released folder."""

from __future__ import annotations

from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.slicer_ui.browser_app.controls import file_select, run_button, section
from CraNeXtLib.slicer_ui.browser_app.export_section import ExportSection
from CraNeXtLib.slicer_ui.browser_app.input_files import chosen_file
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.release_run import ReleaseCheckRun, ReleaseRun
from CraNeXtLib.slicer_ui.translation import _


class ReleaseSection:
    """The section “Release”.

    Args:
        bench: The case.
        exports: The section that exports cases.
    """

    def __init__(self, bench: Workbench, exports: ExportSection) -> None:
        self._bench = bench
        self._exports = exports
        self.releasing = RunControl(
            bench.state,
            bench.runs,
            "release",
            _("releasing a case"),
            start=self._start,
            succeeded=self._released,
            fields=["accept"],
            controls={"with --accept": _("under “Reason”"), "The reason for --accept": _("“Reason”")},
        )
        self.checking = RunControl(
            bench.state,
            bench.runs,
            "check",
            _("checking a released folder"),
            start=self._check,
            succeeded=self._checked,
            fields=["released"],
        )
        bench.state.update({"accept": "", "released": None})
        bench.state.change("export_name")(self.clear)

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Release"), "release-settings"):
            v3.VTextField(v_model=("accept",), label=_("Reason to release a part that does not fit"), id="accept")
            html.Div(classes="mt-2")
            run_button(self.releasing, _("Release"), disabled="!export_name")
            file_select(
                self._bench,
                "released",
                _("Released folder"),
                items=("released_folders",),
                no_data_text=_("There is no released case in the folder."),
                classes="my-2",
            )
            run_button(self.checking, _("Check the released folder"), disabled="!released")

    def clear(self, **_state: Any) -> None:
        """Forget the release, because another case is exported."""
        self.releasing.clear()

    def _start(self, **callbacks: Any) -> ReleaseRun:
        reason = (self._bench.state.accept or "").strip() or None
        return ReleaseRun(self._bench.scene, self._exports.case(), accept=reason, **callbacks)

    def _released(self, run: ReleaseRun) -> list[str]:
        self._exports.pack()
        text = _("{count} files are released; download the folder again. SHA-256 of release.json: {hash}").format(
            count=run.release["files"], hash=run.release["sha256"]
        )
        accepted = run.release["accepted"]
        reason = [_("Accepted: {reason}").format(reason=accepted)] if accepted else []
        self.releasing.say("warning" if accepted else "done", "\n".join([run.release["verdict"], *reason, text]))
        return []

    def _check(self, **callbacks: Any) -> ReleaseCheckRun:
        folder = chosen_file(self._bench.folder, self._bench.state.released or "")
        return ReleaseCheckRun(self._bench.scene, folder, **callbacks)

    def _checked(self, run: ReleaseCheckRun) -> list[str]:
        self.checking.say(*run.outcome)
        return []
