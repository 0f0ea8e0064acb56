"""The states of panels to be pictured, and the stage on which they are set up.

A file ``<subject>_states.py`` in this folder registers them:

    @state("implant-result", "implant-result-dark")     # the second name: also in dark colors
    def result(stage):
        panel = stage.open("CraNeXtImplant")
        panel.ui.applyButton.click()
        stage.wait(lambda: panel.run is None)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slicer_stand_ins import modules
from slicer_stand_ins.events import wait_until
from slicer_stand_ins.startup import start_application

REPOSITORY = Path(__file__).resolve().parents[2]

_states: dict[str, tuple[Callable[[Any], Any], bool]] = {}


def state(name: str, dark: str | None = None, *, views: bool = True) -> Callable[[Callable[[Any], Any]], Any]:
    """Function decorator that registers the setup of a state under the picture's name.

    Args:
        name: Name of the picture, without suffix.
        dark: Name of a second picture, in dark colors.
        views: Whether to draw Slicer's views beside the panel; otherwise the picture shows the panel alone.
    """

    def register(set_up: Callable[[Any], Any]) -> Callable[[Any], Any]:
        set_up.views = views  # type: ignore[attr-defined]
        _states[name] = (set_up, False)
        if dark is not None:
            _states[dark] = (set_up, True)
        return set_up

    return register


def names(prefixes: Sequence[str]) -> list[str]:
    """Return the names of states with one of the prefixes, in order of registration; all without prefixes."""
    return [name for name in _states if not prefixes or name.startswith(tuple(prefixes))]


class Stage:
    """The part of Slicer that states need."""

    def __init__(self, application: Any, window: Any) -> None:
        self.application, self.scene, self.window = application, application.scene, window
        self.height = 900
        self._opened: list[str] = []
        self._shown: tuple[Any, Callable[[], None]] | None = None

    def open(self, name: str) -> Any:
        """Open a module's panel and return its widget object."""
        modules.register_module(REPOSITORY / name)
        self._opened.append(name)
        return modules.open_panel(name)

    def show(self, widget: Any, close: Callable[[], None]) -> None:
        """Show a widget alone instead of a module's panel; ``close`` is called before it is deleted."""
        widget.show()
        self._shown = (widget, close)

    def panel_picture(self, views: bool) -> Any:
        """Return a picture of the shown widget, or otherwise of the panel that was opened last.

        Args:
            views: Whether views are beside it; a panel alone is only as high as needed.
        """
        import slicer_window

        if self._shown is not None:
            return slicer_window.widget_picture(self._shown[0])
        return slicer_window.panel_picture(self._opened[-1], self.height if views else 1)

    def wait(self, condition: Callable[[], Any]) -> None:
        """Process Qt's events until a condition is true."""
        wait_until(condition)

    def close(self) -> None:
        """Close everything that was opened, and clear the scene."""
        if self._shown is not None:
            self._shown[1]()
            self._shown[0].delete()
        for name in self._opened:
            modules.close_panel(name)
        self.scene.Clear(False)


def draw(name: str, folder: Path) -> int:
    """Set up a state and write its picture; return the file's size in bytes."""
    import slicer_window
    from slicer_stand_ins import pythonqt

    set_up, dark = _states[name]
    application = _application()
    slicer_window.use_palette(dark)
    with tempfile.TemporaryDirectory() as temporary:
        application.temporaryPath = temporary
        window = application.open_main_window()
        slicer_window.open_three_d_views()
        stage = Stage(application, window)
        try:
            set_up(stage)
            application.processEvents()
            panel = stage.panel_picture(set_up.views)  # type: ignore[attr-defined]
            picture = slicer_window.beside_views(panel) if set_up.views else panel  # type: ignore[attr-defined]
        finally:
            stage.close()
            slicer_window.close_three_d_views()
            application.close_main_window(window)
            application.scene.Clear(True)
            pythonqt.release()
        for error in application.errors:
            raise error
    file = folder / f"{name}.png"
    slicer_window.save(picture, file)
    return file.stat().st_size


def _application() -> Any:
    import slicer

    if getattr(slicer, "app", None) is None:
        start_application()
        import qt

        settings = tempfile.mkdtemp(prefix="cranext-screenshots-")
        qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, settings)

        def hook(kind: Any, error: Any, trace: Any) -> None:
            slicer.app.errors.append(error)
            sys.__excepthook__(kind, error, trace)

        sys.excepthook = hook
    return slicer.app
