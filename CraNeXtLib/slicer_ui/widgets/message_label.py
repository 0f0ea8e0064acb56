"""A message to the user inside the panel, with an icon for its kind; popups would interrupt the work."""

from __future__ import annotations

from typing import Any

import qt

from CraNeXtLib.slicer_ui.translation import _

_ICONS = {
    "error": "SP_MessageBoxCritical",
    "warning": "SP_MessageBoxWarning",
    "information": "SP_MessageBoxInformation",
    "done": "SP_DialogApplyButton",
}


class MessageLabel:
    """An icon, a selectable text, and a button that copies details; hidden while there is no message.

    Add ``widget`` to a layout. Colors come from the palette, so the message is legible on dark and light.
    """

    def __init__(self) -> None:
        self._details = ""
        self.widget = qt.QWidget()
        layout = qt.QHBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._icon = qt.QLabel()
        self._text = qt.QLabel()
        self._text.wordWrap = True
        self._text.setTextInteractionFlags(qt.Qt.TextSelectableByMouse)
        self._copy = qt.QPushButton(_("Copy details"))
        self._copy.toolTip = _("Copy the output of the computation, for a bug report")
        self._copy.connect("clicked()", self._copy_details)
        layout.addWidget(self._icon, 0, qt.Qt.AlignTop)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._copy, 0, qt.Qt.AlignTop)
        self.clear()

    @property
    def text(self) -> str:
        """The message; empty if none is shown."""
        return self._text.text

    def show(self, kind: str, text: str, details: str = "") -> None:
        """Show a message.

        Args:
            kind: ``"error"``, ``"warning"``, ``"information"`` or ``"done"``.
            text: One or a few sentences of plain text.
            details: Text that the button copies; if empty, the button is hidden.
        """
        style = self.widget.style()
        size = style.pixelMetric(qt.QStyle.PM_SmallIconSize)
        self._icon.setPixmap(style.standardIcon(getattr(qt.QStyle, _ICONS[kind])).pixmap(size, size))
        self._text.setTextFormat(qt.Qt.PlainText)
        self._text.text = text
        self._details = details
        self._copy.setVisible(bool(details))
        self.widget.setVisible(True)

    def clear(self) -> None:
        """Hide the message."""
        self._text.text = ""
        self.widget.setVisible(False)

    def _copy_details(self) -> None:
        qt.QApplication.clipboard().setText(f"{self.text}\n\n{self._details}")


def message_in(layout: Any) -> MessageLabel:
    """Add a message label to the end of a layout and return it."""
    message = MessageLabel()
    layout.addWidget(message.widget)
    return message
