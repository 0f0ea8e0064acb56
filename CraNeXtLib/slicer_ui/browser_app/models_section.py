"""Models of bone to print, to try the part in, and a titanium sheet over the defect."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.controls import field_grid, run_button, section, table
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.page_parameters import PageParameters
from CraNeXtLib.slicer_ui.browser_app.run_control import RunControl
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.runs.model_settings import model_settings
from CraNeXtLib.slicer_ui.runs.models_run import ModelsRun
from CraNeXtLib.slicer_ui.scene.model_nodes import model_rows, models_of
from CraNeXtLib.slicer_ui.translation import _


class ModelsSection:
    """The section “Models and onlay”.

    Args:
        bench: The case.
        implant: The section that shows the result.
    """

    def __init__(self, bench: Workbench, implant: ImplantSection) -> None:
        self._bench = bench
        self._implant = implant
        self._parameters = PageParameters(bench.state, "models")
        for name, title, default in (
            ("boneModel", _("Bone model [mm]"), 0.0),
            ("boneBase", _("Base [mm]"), 0.0),
            ("skullModel", _("Skull model [mm]"), 0.0),
            ("onlayThickness", _("Onlay thickness [mm]"), 0.0),
            ("onlayOverlap", _("Onlay overlap [mm]"), 10.0),
        ):
            self._parameters.add(name, title, default)
        self.making = RunControl(
            bench.state,
            bench.runs,
            "models_run",
            _("making models"),
            start=self._start,
            succeeded=self._made,
            fields=self.keys,
        )
        self.clear()

    def build(self) -> None:
        """Add the controls to the page."""
        with section(_("Models and onlay"), "models-settings"):
            with field_grid():
                self._parameters.build(("boneModel", "boneBase", "skullModel", "onlayThickness", "onlayOverlap"))
            run_button(self.making, _("Make the models"), disabled="!has_result")
            table("model_rows", "model-rows")

    def settings(self) -> dict[str, Any]:
        """Return which models are made, for a run.

        Raises:
            InputError: If a size is no number.
        """
        return model_settings(self._parameters)

    @property
    def keys(self) -> list[str]:
        """The keys of the fields in the state."""
        return self._parameters.keys

    def clear(self) -> None:
        """Forget the models, because there is another implant."""
        self._bench.state.update({"model_rows": []})
        self.making.clear()

    def _start(self, **callbacks: Any) -> ModelsRun:
        settings = self.settings()
        if not any(settings.values()):
            raise InputError(_("Set “Bone model”, “Skull model” or “Onlay thickness”."))
        return ModelsRun(self._bench.usable_result(), settings, **callbacks)

    def _made(self, run: ModelsRun) -> list[str]:
        assert run.description is not None  # the run succeeded
        self._bench.state.model_rows = [list(row) for row in model_rows(run.segmentation)]
        self._implant.show_result()
        self._implant.show_surface(next(iter(models_of(run.segmentation))))
        return run.description["warnings"]
