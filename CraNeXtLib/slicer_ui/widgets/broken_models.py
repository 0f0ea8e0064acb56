"""A message on the folders among the models that cannot be used, below the list of those that can."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.completion.model_library import BrokenModel, available_and_broken
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.message_label import message_in


class BrokenModels:
    """Tells why a model that the user added is not offered; hidden while every folder can be used.

    Args:
        frame: The widget that shows the message.
    """

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self.message = message_in(frame.layout())

    def look(self) -> None:
        """Look for broken folders again."""
        broken = [found for found in available_and_broken() if isinstance(found, BrokenModel)]
        self._frame.setVisible(bool(broken))
        self.message.clear()
        if broken:
            title = _("These models cannot be chosen; repair or delete them:")
            self.message.show("warning", "\n".join((title, *(found.reason for found in broken))))
