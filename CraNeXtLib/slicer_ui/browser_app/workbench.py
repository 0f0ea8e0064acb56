"""What the sections of the page share: the case that is being worked on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.display import Display
from CraNeXtLib.slicer_ui.browser_app.input_files import list_files, list_released
from CraNeXtLib.slicer_ui.browser_app.run_control import Runs
from CraNeXtLib.slicer_ui.scene.result_references import reason_implant_unusable
from CraNeXtLib.slicer_ui.scene.scene_nodes import nodes_of_class

_OF_A_CASE = (
    "vtkMRMLDisplayableNode",
    "vtkMRMLTableNode",
    "vtkMRMLDisplayNode",
    "vtkMRMLStorageNode",
    "vtkMRMLPlotSeriesNode",
    "vtkMRMLPlotChartNode",
)


@dataclass(eq=False)
class Workbench:
    """The case that all windows of the application show.

    Attributes:
        state: The state of the page, which trame sends to every window.
        scene: The scene.
        display: The views.
        folder: Folder whose files can be opened.
        temporary: Folder for temporary files.
        runs: The run in progress.
        background: Volume in the slices, with the skull's geometry.
        skull: Node of the skull or CT; None before one is opened.
        result: Segmentation of the reconstruction; None before there is one.
    """

    state: Any
    scene: Any
    display: Display
    folder: Path
    temporary: Path
    runs: Runs = field(default_factory=Runs)
    background: Any = None
    skull: Any = None
    result: Any = None

    def __post_init__(self) -> None:
        self._permanent = {node.GetID() for node in self._nodes()}
        self.list_files()

    def list_files(self, *_event: Any) -> None:
        """List anew what can be opened or checked, since some may have been put into the folder meanwhile."""
        self.state.folder_files, self.state.released_folders = list_files(self.folder), list_released(self.folder)

    def usable_result(self) -> Any:
        """Return the result.

        Raises:
            InputError: If there is none, or its implant cannot be used as it is.
        """
        if reason := reason_implant_unusable(self.result):
            raise InputError(reason)
        return self.result

    def clear(self) -> None:
        """Remove the nodes of the case, so that memory does not grow from case to case."""
        self.background = self.skull = self.result = None
        for node in self._nodes():
            if node.GetID() not in self._permanent and node.GetScene() is self.scene:
                self.scene.RemoveNode(node)
        self.display.let_go()

    def _nodes(self) -> list[Any]:
        """Return the nodes that cases consist of, and those of the views of the same classes."""
        return [node for kind in _OF_A_CASE for node in nodes_of_class(self.scene, kind)]
