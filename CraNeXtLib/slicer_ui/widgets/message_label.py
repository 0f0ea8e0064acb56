"""A sentence for the user in the panel itself, with the icon of what kind it is; popups would interrupt the work."""

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
    """An icon, a text that can be selected and wraps, and a button that copies details; hidden while there is nothing.

    Add ``widget`` to a layout. Colours are those of the palette, so that it can be read on dark and light.
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
        self._copy.toolTip = _("Copy what the computation wrote, to paste it into a bug report")
        self._copy.connect("clicked()", self._copy_details)
        layout.addWidget(self._icon, 0, qt.Qt.AlignTop)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._copy, 0, qt.Qt.AlignTop)
        self.clear()

    @property
    def text(self) -> str:
        """What is shown; empty if nothing is."""
        return self._text.text

    def show(self, kind: str, text: str, details: str = "") -> None:
        """Show a text.

        Args:
            kind: ``"error"``, ``"warning"``, ``"information"`` or ``"done"``.
            text: Plain text, one sentence or a few.
            details: What the button copies; without any there is no button.
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
        """Show nothing."""
        self._text.text = ""
        self.widget.setVisible(False)

    def _copy_details(self) -> None:
        qt.QApplication.clipboard().setText(f"{self.text}\n\n{self._details}")


def message_in(layout: Any) -> MessageLabel:
    """Return a message label, added to the end of a layout."""
    message = MessageLabel()
    layout.addWidget(message.widget)
    return message
