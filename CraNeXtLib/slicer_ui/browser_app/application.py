"""The browser application: its scene, its sections, and its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import vtk
from trame.app import TrameApp
from trame.ui.vuetify3 import VAppLayout
from trame.widgets import html
from trame.widgets import vuetify3 as v3
from trame_slicer import module as trame_slicer_module
from trame_slicer.core import SlicerApp

from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.slicer_ui.browser_app.browser_host import BrowserHost
from CraNeXtLib.slicer_ui.browser_app.dicom_section import DicomSection
from CraNeXtLib.slicer_ui.browser_app.display import Display
from CraNeXtLib.slicer_ui.browser_app.edit_section import EditSection
from CraNeXtLib.slicer_ui.browser_app.evaluate_section import EvaluateSection
from CraNeXtLib.slicer_ui.browser_app.export_section import ExportSection
from CraNeXtLib.slicer_ui.browser_app.finish_section import FinishSection
from CraNeXtLib.slicer_ui.browser_app.implant_section import ImplantSection
from CraNeXtLib.slicer_ui.browser_app.models_section import ModelsSection
from CraNeXtLib.slicer_ui.browser_app.mold_section import MoldSection
from CraNeXtLib.slicer_ui.browser_app.release_section import ReleaseSection
from CraNeXtLib.slicer_ui.browser_app.skull_section import SkullSection
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.host import set_host
from CraNeXtLib.slicer_ui.translation import _

_DRAWER = 400  # pixels
_FIELD = {"density": "compact", "hideDetails": True}
_DEFAULTS = dict.fromkeys(("VSelect", "VTextField", "VCheckbox", "VFileInput"), _FIELD)
"""Of Vuetify's components."""

_ENDED = """
<v-app theme="dark"><v-main><v-container id="ended">
<h2>{title}</h2><p class="my-4">{running}</p><p>{ended}</p>
</v-container></v-main></v-app>
"""
"""What a page becomes without the server."""


class BrowserApplication(TrameApp):
    """One scene and one page, which every window of one user shows.

    Args:
        folder: Folder whose files can be opened.
        temporary: Folder for temporary files, of this process only.
    """

    def __init__(self, folder: Path, temporary: Path) -> None:
        super().__init__()
        self.server.enable_module(trame_slicer_module)
        application = SlicerApp()
        with _without_warnings():
            set_host(BrowserHost(application, temporary, self.state.flush))
            self._display = Display(application, self.server)
        self.bench = Workbench(self.state, application.scene, self._display, folder, temporary)
        self.skull = SkullSection(self.bench, self._opened)
        self.implant = ImplantSection(self.bench, self.skull, self._clear_steps)
        self.finish = FinishSection(self.bench, self.implant)
        self.models = ModelsSection(self.bench, self.implant)
        self.export = ExportSection(self.bench, self.implant, self.finish, self.models)
        self.edit = EditSection(self.bench, self.implant, self.finish)
        self.evaluate = EvaluateSection(self.bench, self.implant)
        self.mold = MoldSection(self.bench, self.implant, self.export)
        self.release = ReleaseSection(self.bench, self.export)
        self.dicom = DicomSection(self.bench, self.skull, self.export)
        self._sections: tuple[Any, ...] = (
            self.skull,
            self.implant,
            self.edit,
            self.finish,
            self.models,
            self.mold,
            self.evaluate,
            self.export,
            self.release,
            self.dicom,
        )
        self.server.controller.on_client_connected.add(self._display.redraw)  # for a second window
        self._build()

    def _build(self) -> None:
        with VAppLayout(self.server, vuetify_config={"defaults": _DEFAULTS}) as layout:
            layout.root.theme = "dark"
            self.state.trame__title = "CraNeXt"
            self.state["trame__template_error"] = _ENDED.format(
                title=_("The connection to CraNeXt is lost."),
                running=_("If cranext app is still running, reload this page: the case is as it was."),
                ended=_("If it has ended, start it again and open its new address. What was not exported is gone."),
            )
            with v3.VAppBar(density="compact"):
                v3.VToolbarTitle("CraNeXt")
                html.Span(RESEARCH_USE_NOTICE, id="notice", classes="mx-4 text-warning")
            with v3.VNavigationDrawer(permanent=True, width=_DRAWER):
                with v3.VExpansionPanels(
                    v_model=("unfolded", ["skull", "implant"]), multiple=True, variant="accordion"
                ):
                    for part in self._sections:
                        part.build()
                html.Div(
                    _("All windows of this page show one case of one user."), classes="text-caption pa-4 text-disabled"
                )
            with v3.VMain(), html.Div(style="height: 100vh; width: 100%; display: flex; padding-bottom: 48px"):
                self._display.layouts.initialize_layout_grid(layout)

    def _opened(self) -> None:
        """Forget the case that was open before."""
        self.implant.clear()
        self._clear_steps()

    def _clear_steps(self) -> None:
        """Forget what was made of the former implant."""
        for part in self._sections[2:]:
            part.clear()

    def close(self, *_arguments: Any, **_options: Any) -> None:
        """End the run in progress."""
        self.bench.runs.cancel()


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Keep from the terminal that Slicer's color files are missing, and how trame-slicer follows the size of views."""
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtk.vtkObject.GlobalWarningDisplayOn()
