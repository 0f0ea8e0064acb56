"""A second file beside the skull, such as the reference implant, as a node that the views do not show."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.browser_app.input_files import chosen_file, open_file
from CraNeXtLib.slicer_ui.browser_app.workbench import Workbench
from CraNeXtLib.slicer_ui.scene import input_nodes
from CraNeXtLib.slicer_ui.scene.removal import remove_node


class Companion:
    """The node of a file, of which there is one at a time.

    Args:
        bench: The case.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._node: Any = None

    def open(self, name: str) -> Any:
        """Return the node of a listed file, in the place of the former one.

        Raises:
            InputError: If the file cannot be used.
        """
        path = chosen_file(self._bench.folder, name)
        opened = open_file(path)
        self.clear()
        if opened.is_ct:
            self._node = input_nodes.add_ct(opened.volume, path.name)
        else:
            self._node = input_nodes.add_skull(opened.volume, path.name)
        self._node.SetDisplayVisibility(False)
        return self._node

    def clear(self) -> None:
        """Remove the node from the scene."""
        remove_node(self._node)
        self._node = None
