"""The mold in which the finished part is cast."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from CraNeXtLib.implant.mold.settings import POUR_SIDES, MoldSettings
from CraNeXtLib.slicer_ui.browser_app.controls import run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.number_fields import NumberFields
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.typed_settings import names_in_messages
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.mold_run import MoldRun
from CraNeXtLib.slicer_ui.scene.mold_nodes import mold_rows
from CraNeXtLib.slicer_ui.scene.result_surfaces import MOLD_SURFACE
from CraNeXtLib.slicer_ui.translation import _

_NAMES = [
    field.name
    for field in fields(MoldSettings)
    if field.name.endswith(("_mm", "_percent")) and isinstance(field.default, (int, float))
]


class MoldSection:
    """The section “Mold”.

    Args:
        bench: The case.
        implant: The section that shows the result.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection) -> None:
        self._bench = bench
        self._implant = implant
        self._numbers = NumberFields(bench.state, "mold", MoldSettings, _NAMES)
        self.molding = RunControl(
            bench.state,
            bench.runs,
            "mold",
            _("making a mold"),
            start=self._start,
            succeeded=self._molded,
            controls=names_in_messages(_NAMES)
            | {"--spring-form": _("“Spring form”"), "cranext finish": _("“Make the part”")},
        )
        bench.state.update({"mold_pour": MoldSettings().pour, "mold_spring_form": False})
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Mold"), "mold-settings"):
            with html.Div(style="display: grid; grid-template-columns: 1fr 1fr; gap: 8px"):
                self._numbers.build()
                v3.VSelect(
                    v_model=("mold_pour",),
                    items=("pour_sides", list(POUR_SIDES)),
                    label=_("Side up"),
                )
            v3.VCheckbox(v_model=("mold_spring_form",), label=_("Spring form"))
            run_button(self.molding, _("Make the mold"), disabled="!fit_rows.length")
            table("mold_rows", "mold-rows")

    def clear(self) -> None:
        """Forget the mold, because there is another case."""
        self._bench.state.update({"mold_rows": []})
        self.molding.say("", "")

    def _start(self, **callbacks: Any) -> MoldRun:
        state = self._bench.state
        return MoldRun(
            self._bench.usable_result(),
            settings={**self._numbers.read(), "pour": state.mold_pour},
            spring_form=bool(state.mold_spring_form),
            **callbacks,
        )

    def _molded(self, run: MoldRun) -> str:
        assert run.description is not None  # the run succeeded
        self._bench.state.mold_rows = [list(row) for row in mold_rows(run.description)]
        self._implant.show_result()
        self._implant.show_surface(MOLD_SURFACE)
        return "\n".join(run.description["warnings"])
