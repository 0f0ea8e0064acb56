"""Simple edits of the implant: removing a piece, painting and erasing with a ball in a slice, and undoing them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.core.errors import CraNeXtError, InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.browser_app.ball_brush import BallBrush, along
from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section
from CraNeXtLib.slicer_ui.browser_app.finish_section import FinishSection
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene import implant_edits
from CraNeXtLib.slicer_ui.scene.implant_edits import are_same, cropped, implant_of
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.run_outcome import still_working

_LARGEST_MM = 40
_MOST_UNDONE = 20


class EditSection:
    """The section “Edit”.

    Args:
        bench: The case.
        implant: The section that shows the result.
        finish: The section that shows the part, which an edit puts out of date.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection, finish: FinishSection) -> None:
        self._bench = bench
        self._implant = implant
        self._finish = finish
        self._former: list[Volume] = []
        self._brush = BallBrush(bench.display.slice_views(), self._stroke)
        self.measuring = RunControl(
            bench.state, bench.runs, "measure", _("measuring an implant"), start=self._start, succeeded=self._measured
        )
        bench.state.update({"brush": None, "brush_mm": 8})
        self.clear()
        bench.state.change("brush", "unfolded", "has_result")(self._choose)

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Edit"), "edit"):
            with v3.VBtnToggle(v_model=("brush",), density="compact", divided=True, disabled=("!has_result",)):
                v3.VBtn(_("Paint"), value="paint", id="paint")
                v3.VBtn(_("Erase"), value="erase", id="erase")
            v3.VSlider(
                v_model=("brush_mm",),
                min=1,
                max=_LARGEST_MM,
                step=1,
                label=_("Ball [mm]"),
                thumb_label=True,
                hide_details=True,
                id="brush-mm",
            )
            text = _("Drag in a slice; the implant changes when you let go, and the skull's bone is kept.")
            html.Div(text, v_if=("brush",), classes="text-caption")
            with html.Div(v_for="piece in pieces", key="piece.number", classes="d-flex align-center"):
                html.Span("{{ piece.text }}", classes="flex-grow-1 text-caption")
                v3.VBtn(
                    _("Remove"),
                    size="x-small",
                    click=(self.remove_piece, "[piece.number]"),
                    classes="remove-piece",
                    disabled=("pieces.length < 2",),
                )
            with html.Div(classes="d-flex my-2", style="gap: 8px"):
                v3.VBtn(_("Undo"), id="undo", click=self.undo, size="small", disabled=("!undoable",))
                v3.VBtn(_("Revert"), id="revert", click=self.revert, size="small", disabled=("!has_result",))
            run_button(self.measuring, _("Measure again"), disabled="!has_result")

    def clear(self) -> None:
        """Stop editing, because there is another implant."""
        self._brush.active = False
        self._former.clear()
        self._bench.state.update({"pieces": [], "brush": None, "undoable": False})
        self.measuring.clear()

    def remove_piece(self, number: int) -> None:
        """Remove a piece of the implant."""
        self._change(lambda result: implant_edits.remove_piece(result, number))

    def revert(self) -> None:
        """Restore the implant as the model made it."""
        self._change(implant_edits.revert)

    def undo(self) -> None:
        """Take back the last edit."""
        if self._former and not self._is_busy():
            implant_edits.set_implant(self._bench.result, self._former.pop())
            self._changed()

    def _stroke(self, positions_ras: np.ndarray) -> None:
        radius_mm, erase = float(self._bench.state.brush_mm) / 2, self._bench.state.brush == "erase"
        centers = along(positions_ras, radius_mm / 2)
        with self._bench.state:
            self._change(lambda result: implant_edits.paint(result, centers, radius_mm, erase=erase))

    def _change(self, change: Callable[[Any], None]) -> None:
        result = self._bench.result
        if result is None or self._is_busy():
            return
        try:
            former = cropped(implant_of(result))
            change(result)
            changed = not are_same(cropped(implant_of(result)), former)
        except CraNeXtError as error:
            self.measuring.fail(error)
            return
        if not changed:
            return
        self._former = [*self._former[1 - _MOST_UNDONE :], former]
        self._changed()

    def _changed(self) -> None:
        self._show_pieces()
        self._bench.state.undoable = bool(self._former)
        self.measuring.say("information", _("The implant is edited. Press “Measure again”."))
        self._bench.display.redraw()

    def _is_busy(self) -> bool:
        """Return whether a run is in progress, and say so: it would overwrite the edit."""
        working = self._bench.runs.working
        if working is not None:
            self.measuring.say("error", still_working(working.work))
        return working is not None

    def _show_pieces(self) -> None:
        volumes = implant_edits.piece_volumes(self._bench.result)
        self._bench.state.pieces = [
            {"number": number, "text": _("Piece {number}: {volume:.1f} mL").format(number=number, volume=volume)}
            for number, volume in enumerate(volumes, 1)
        ]

    def _choose(self, **_state: Any) -> None:
        """Let the mouse paint or erase in the slices while the section is open, and list the pieces."""
        state = self._bench.state
        unfolded = self._bench.result is not None and "edit" in (state.unfolded or [])
        self._brush.active = unfolded and bool(state.brush)
        self._implant.set_editing(self._brush.active)
        if unfolded:
            self._show_pieces()

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        if self._bench.result is None:
            raise InputError(_("Make the implant first."))
        self._bench.state.brush = None
        self._brush.active = False
        return ImplantFilesRun(self._bench.result, **callbacks)

    def _measured(self, run: ImplantFilesRun) -> list[str]:
        del run
        self._implant.set_editing(False)
        self._implant.show_result()
        self._finish.show_fit()
        self._show_pieces()
        return []
