"""The application around the scene: Slicer, or another one with Slicer's libraries, such as the browser application.

Runs and nodes ask :func:`host` for what differs between them. Only panels, which are Slicer's, use Qt and the rest of
``slicer.app``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import slicer


class Host(Protocol):
    """What runs and nodes need of the application."""

    @property
    def scene(self) -> Any:
        """The scene that new nodes go into."""

    @property
    def temporary_path(self) -> str:
        """Folder for temporary files."""

    def setting(self, key: str) -> str:
        """Return a setting of the user, an empty text if there is none."""

    def startup_environment(self) -> Mapping[str, str] | None:
        """Return the environment variables of programs other than the application's; None for those it has."""

    def module_logic(self, module: str) -> Any:
        """Return the logic of one of Slicer's modules, by its name in lower case such as ``"cameras"``."""

    def repeat(self, interval_ms: int, call: Callable[[], object]) -> Callable[[], None]:
        """Let the event loop call a function again and again, and return a function that ends this."""


class SlicerHost:
    """3D Slicer."""

    @property
    def scene(self) -> Any:
        """The scene that new nodes go into."""
        return slicer.mrmlScene

    @property
    def temporary_path(self) -> str:
        """Folder for temporary files."""
        return slicer.app.temporaryPath

    def setting(self, key: str) -> str:
        """Return a setting of the user, an empty text if there is none."""
        return str(slicer.util.settingsValue(key, ""))

    def startup_environment(self) -> Mapping[str, str] | None:
        """Return the environment variables from before the launch, without those that Slicer's launcher sets."""
        return slicer.util.startupEnvironment()

    def module_logic(self, module: str) -> Any:
        """Return the logic of one of Slicer's modules, by its name in lower case such as ``"cameras"``."""
        return getattr(slicer.modules, module).logic()

    def repeat(self, interval_ms: int, call: Callable[[], object]) -> Callable[[], None]:
        """Let Qt's event loop call a function again and again, and return a function that ends this."""
        import qt

        timer = qt.QTimer()
        timer.setInterval(interval_ms)
        timer.connect("timeout()", call)
        timer.start()
        return timer.stop


_host: Host = SlicerHost()


def host() -> Host:
    """Return the application that this process is."""
    return _host


def set_host(application: Host) -> None:
    """Tell which application this process is, where it is not Slicer."""
    global _host
    _host = application
