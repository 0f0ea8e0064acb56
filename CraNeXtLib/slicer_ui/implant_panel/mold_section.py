"""The mold in which the finished part is cast: its halves, its measures, and its files beside an exported case."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.implant_panel.export_section import ExportSection
from CraNeXtLib.slicer_ui.implant_panel.result_section import ResultSection
from CraNeXtLib.slicer_ui.implant_panel.step_section import StepSection
from CraNeXtLib.slicer_ui.runs.mold_run import MOLD_FOLDER, MoldRun
from CraNeXtLib.slicer_ui.runs.mold_settings import MOLD, mold_settings
from CraNeXtLib.slicer_ui.scene.mold_nodes import MOLD as MOLD_ROLE
from CraNeXtLib.slicer_ui.scene.mold_nodes import mold_description, mold_rows
from CraNeXtLib.slicer_ui.scene.result_references import PART, is_result, reason_implant_unusable, referenced_node
from CraNeXtLib.slicer_ui.scene.result_surfaces import MOLD_SURFACE
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import names_of_controls
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding
from CraNeXtLib.slicer_ui.widgets.parameter_widgets import Choice
from CraNeXtLib.slicer_ui.widgets.run_panel import RunPanel
from CraNeXtLib.slicer_ui.widgets.tables import fill_table_widget


class MoldSection(StepSection):
    """The section “Mold”.

    Args:
        ui: The panel's widgets.
        binding: The module's parameters.
        results: The section that shows the result.
        exports: The section that exports cases.
    """

    def __init__(self, ui: Any, binding: ParameterBinding, results: ResultSection, exports: ExportSection) -> None:
        self._exports = exports
        controls = names_of_controls(ui, MOLD.names)
        self.molding = RunPanel(
            _("Make the mold"),
            tool_tip=_("Make the mold of the finished part, check it, and show its halves"),
            name=_("making a mold"),
            start=lambda **callbacks: MoldRun(
                binding.parameters.result, **mold_settings(binding.parameters), **callbacks
            ),
            succeeded=self._molded,
            controls=controls,
        )
        super().__init__(ui, binding, results, ui.moldFrame, self.molding)
        self.writing = RunPanel(
            _("Write the mold's files"),
            tool_tip=_("Write the mold (STL, 3MF) into the exported case, and the approval sheet again with the mold"),
            name=_("writing a mold"),
            start=lambda **callbacks: MoldRun(
                binding.parameters.result, exports.folder, **mold_settings(binding.parameters), **callbacks
            ),
            succeeded=self._written,
            controls=controls,
        )
        ui.moldFilesFrame.layout().addWidget(self.writing.widget)
        sides = {"outer": _("Outer side up"), "inner": _("Inner side up")}
        self._pour = Choice(ui.moldPourComboBox, binding, "moldPour", sides)

    def update(self) -> None:
        """Show the settings, and the measures of the chosen result's mold, if there is one."""
        self._pour.update()
        result = self._binding.parameters.result
        part = referenced_node(result, PART) if is_result(result) else None
        reason = reason_implant_unusable(result)
        if not reason and part is None:
            reason = _("Press “Make the part” under “Finish” first.")
        self.molding.block(reason)
        self.writing.block(reason or ("" if self._exports.folder else _("Press “Export” first.")))
        table: Any = None if part is None else referenced_node(part, MOLD_ROLE)
        self._ui.moldTable.setVisible(table is not None)
        self._show_once(None if table is None else table.GetID(), lambda: self._show(mold_description(table)))

    def close(self) -> None:
        """Stop using the widgets, which are about to be deleted."""
        super().close()
        self.writing.close()

    def _molded(self, run: MoldRun) -> None:
        assert run.description is not None  # the run succeeded
        self.molding.tell(warnings=run.description["warnings"])
        self._results.show_surface(MOLD_SURFACE)

    def _written(self, run: MoldRun) -> None:
        assert run.case is not None  # the button is blocked before an export
        assert run.description is not None  # the run succeeded
        text = _("The mold is in {folder}, and the approval sheet names it.").format(folder=run.case / MOLD_FOLDER)
        self.writing.tell(text, run.description["warnings"])
        self._results.show_surface(MOLD_SURFACE)

    def _show(self, description: dict[str, Any]) -> None:
        fill_table_widget(self._ui.moldTable, (_("Measure"), _("Value"), ""), mold_rows(description))
