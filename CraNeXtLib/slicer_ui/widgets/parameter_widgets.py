"""Connections between widgets and parameters that Slicer's parameter node wrapper does not provide."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.widgets.choices import fill_choices
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding


class PathText:
    """A path that may be empty, unlike a parameter of type ``Path``; the parameter is a string.

    Args:
        edit: The ``ctkPathLineEdit``.
        binding: The module's parameters.
        parameter: Name of the parameter.
    """

    def __init__(self, edit: Any, binding: ParameterBinding, parameter: str) -> None:
        self._edit, self._binding, self._parameter = edit, binding, parameter
        self._known: str | None = None
        edit.connect("currentPathChanged(QString)", lambda _path: self._store())
        edit.connect(
            "validInputChanged(bool)", lambda _valid: self._store()
        )  # the only signal when the path is cleared

    def update(self) -> None:
        """Show the parameter if it has changed; a path that is being typed is left alone."""
        value = getattr(self._binding.parameters, self._parameter)
        if value != self._known:
            self._known = value
            self._edit.currentPath = value

    def _store(self) -> None:
        path = self._edit.currentPath
        if self._binding.connected and path != self._known:
            self._known = path
            setattr(self._binding.parameters, self._parameter, path)


class Choice:
    """A combo box with translated titles whose parameter holds the untranslated value.

    Args:
        box: The ``QComboBox``.
        binding: The module's parameters.
        parameter: Name of the parameter, a string.
        titles: Title of each value.
    """

    def __init__(self, box: Any, binding: ParameterBinding, parameter: str, titles: dict[str, str]) -> None:
        self._box, self._binding, self._parameter = box, binding, parameter
        self.fill(titles)
        box.connect("activated(int)", self._store)

    def fill(self, titles: dict[str, str]) -> None:
        """Offer other choices."""
        fill_choices(self._box, titles)

    def update(self) -> None:
        """Show the parameter; a value that is not offered is replaced by the first choice."""
        row = self._box.findData(getattr(self._binding.parameters, self._parameter))
        self._box.setCurrentIndex(max(row, 0))
        if row < 0:
            self._store()

    def _store(self, _row: int = 0) -> None:
        if self._binding.connected:
            setattr(self._binding.parameters, self._parameter, self._box.currentData)
