"""The browser application as the host of runs and nodes, on the libraries of Slicer and the loop of its server."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import slicer


class BrowserHost:
    """A process with one scene, which pages in a browser show.

    Args:
        application: The ``SlicerApp`` of trame-slicer.
        folder: Folder for temporary files.
        changed: Called after each call that the loop makes, to tell the pages what has changed.
    """

    def __init__(self, application: Any, folder: Path, changed: Callable[[], None]) -> None:
        self._scene = application.scene
        self._folder = folder
        self._changed = changed
        kinds = {"colors": slicer.vtkSlicerColorLogic, "cameras": slicer.vtkSlicerCamerasModuleLogic}
        self._logics = {name: kind() for name, kind in kinds.items()}
        for name, logic in self._logics.items():
            logic.SetMRMLApplicationLogic(application.app_logic)  # before the scene, of which some ask for it
            logic.SetMRMLScene(application.scene)
            application.app_logic.SetModuleLogic(name.capitalize(), logic)

    @property
    def scene(self) -> Any:
        """The scene that new nodes go into."""
        return self._scene

    @property
    def temporary_path(self) -> str:
        """Folder for temporary files."""
        return str(self._folder)

    def setting(self, key: str) -> str:
        """Return an empty text, since this application has no settings."""
        del key
        return ""

    def startup_environment(self) -> Mapping[str, str] | None:
        """Return None: other programs get this process's variables."""
        return None

    def module_logic(self, module: str) -> Any:
        """Return the logic of one of Slicer's modules, by its name in lower case such as ``"cameras"``."""
        return self._logics[module]

    def repeat(self, interval_ms: int, call: Callable[[], object]) -> Callable[[], None]:
        """Let the server's loop call a function again and again, and return a function that ends this."""
        ended = False

        async def calls() -> None:
            while not ended:
                await asyncio.sleep(interval_ms / 1000)
                try:
                    call()
                except Exception:  # as Qt does, which goes on
                    traceback.print_exc()
                self._changed()

        def end() -> None:
            nonlocal ended
            ended = True

        task = asyncio.get_running_loop().create_task(calls())
        _tasks.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(_tasks.discard)
        return end


_tasks: set[asyncio.Task[None]] = set()
