"""Simple edits of the implant: removing a piece, painting and erasing with a ball in a slice, and undoing them."""

from __future__ import annotations

from typing import Any

import slicer
from trame.widgets import html
from trame.widgets import vuetify3 as v3
from trame_slicer.core import SegmentationEditor
from trame_slicer.segmentation import (
    BrushDiameterMode,
    SegmentationEditableAreaMode,
    SegmentationEffectErase,
    SegmentationEffectPaint,
    SegmentationOverwriteMode,
)
from undo_stack import UndoStack

from CraNeXtLib.core.errors import CraNeXtError, InputError
from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section
from CraNeXtLib.slicer_ui.browser_app.finish_section import FinishSection
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.implant_files_run import ImplantFilesRun
from CraNeXtLib.slicer_ui.scene.implant_edits import piece_volumes, revert, without_piece
from CraNeXtLib.slicer_ui.scene.implant_nodes import IMPLANT
from CraNeXtLib.slicer_ui.translation import _

_EFFECTS = {"paint": SegmentationEffectPaint, "erase": SegmentationEffectErase}
_LARGEST_MM = 40


class EditSection:
    """The section “Edit”.

    Args:
        bench: The case.
        editor: The segment editor of trame-slicer.
        implant: The section that shows the result.
        finish: The section that shows the part, which an edit puts out of date.
    """

    def __init__(
        self, bench: Workbench, editor: SegmentationEditor, implant: ImplantSection, finish: FinishSection
    ) -> None:
        self._bench = bench
        self._editor = editor
        self._implant = implant
        self._finish = finish
        self._undo = UndoStack(undo_limit=20)
        editor.set_undo_stack(self._undo)
        self.measuring = RunControl(
            bench.state, bench.runs, "measure", _("measuring an implant"), start=self._start, succeeded=self._measured
        )
        bench.state.update({"brush": None, "brush_mm": 8})
        self.clear()
        bench.state.change("brush", "brush_mm", "unfolded")(self._choose)

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
            html.Div(_("Drag in a slice. The skull's bone is kept."), v_if=("brush",), classes="text-caption")
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
                v3.VBtn(_("Undo"), id="undo", click=self.undo, size="small", disabled=("!has_result",))
                v3.VBtn(_("Revert"), id="revert", click=self.revert, size="small", disabled=("!has_result",))
            run_button(self.measuring, _("Measure again"), disabled="!has_result")

    def clear(self) -> None:
        """Stop editing, because there is another case."""
        self._edited: Any = None
        self._stop()
        self._undo.clear()
        self._bench.state.update({"pieces": [], "brush": None})
        self.measuring.say("", "")

    def show_pieces(self) -> None:
        """List the pieces of the implant."""
        volumes = piece_volumes(self._bench.result)
        rows = [
            {"number": number, "text": _("Piece {number}: {volume:.1f} mL").format(number=number, volume=volume)}
            for number, volume in enumerate(volumes, 1)
        ]
        self._bench.state.pieces = rows

    def remove_piece(self, number: int) -> None:
        """Remove a piece of the implant."""
        self._change(lambda result: without_piece(result, number), _("The piece is removed. Press “Measure again”."))

    def revert(self) -> None:
        """Restore the implant as the model made it."""
        self._change(revert, _("The model's implant is restored. Press “Measure again”."))

    def undo(self) -> None:
        """Take back the last stroke."""
        if self._undo.can_undo():
            self._undo.undo()
        else:
            self.measuring.say("information", _("There is no stroke to undo."))

    def _change(self, change: Any, text: str) -> None:
        result = self._bench.result
        if result is None:
            return
        if self._bench.runs.working is not None:
            self.measuring.say("error", _("Wait until the run in progress has finished, or cancel it first."))
            return
        try:
            change(result)
        except CraNeXtError as error:
            self.measuring.fail(error)
            return
        self._undo.clear()  # its states are those of strokes only
        self.show_pieces()
        self.measuring.say("information", text)
        self._bench.display.redraw()

    def _choose(self, **_state: Any) -> None:
        """Let the mouse paint or erase in the slices, or neither."""
        state, result = self._bench.state, self._bench.result
        folded = "edit" not in (state.unfolded or [])
        if result is None or folded or state.brush not in _EFFECTS:
            self._stop()
            if result is not None and not folded:
                self.show_pieces()
            return
        if self._edited is not result:
            self._edit(result)
        effect = self._editor.set_active_effect_type(_EFFECTS[state.brush])
        effect.set_use_sphere_brush(True)
        effect.set_brush_diameter(float(state.brush_mm), BrushDiameterMode.Absolute)

    def _edit(self, result: Any) -> None:
        """Connect the editor, which would replace the geometry of a result that has grown beyond the skull's volume."""
        name = slicer.vtkSegmentationConverter.GetReferenceImageGeometryParameterName()
        segmentation = result.GetSegmentation()
        geometry = segmentation.GetConversionParameter(name)
        self._editor.set_active_segmentation(result, self._bench.background)
        segmentation.SetConversionParameter(name, geometry)
        self._editor.set_active_segment_id(IMPLANT)
        self._editor.set_editable_area(SegmentationEditableAreaMode.OUTSIDE_ALL_VISIBLE_SEGMENTS)
        self._editor.set_overwrite_mode(SegmentationOverwriteMode.ALLOW_OVERLAP)
        self._edited = result

    def _stop(self) -> None:
        self._editor.deactivate_effect()

    def _start(self, **callbacks: Any) -> ImplantFilesRun:
        if self._bench.result is None:
            raise InputError(_("Make the implant first."))
        self._bench.state.brush = None
        self._stop()
        return ImplantFilesRun(self._bench.result, **callbacks)

    def _measured(self, run: ImplantFilesRun) -> str:
        del run
        self._implant.show_result()
        self._finish.show_fit()
        self.show_pieces()
        return ""
