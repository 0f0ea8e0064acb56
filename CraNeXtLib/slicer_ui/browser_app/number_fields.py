"""The numbers among the settings of one of the library's steps, as fields of the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from trame.widgets import vuetify3 as v3

from CraNeXtLib.slicer_ui.browser_app.typed_settings import number_of, title_of


class NumberFields:
    """Numbers of one of the library's settings as fields of the page, with the library's defaults.

    Args:
        state: The state of the page.
        prefix: Beginning of the keys in the state and of the fields' IDs.
        settings: The library's dataclass.
        names: Names of the settings that have a field.
    """

    def __init__(self, state: Any, prefix: str, settings: type, names: Iterable[str]) -> None:
        self._state = state
        self._prefix = prefix
        defaults = {field.name: field.default for field in fields(settings)}
        self.names = list(names)
        state.update({f"{prefix}_{name}": str(defaults[name]) for name in self.names})

    def build(self) -> None:
        """Add the fields to the page."""
        for name in self.names:
            v3.VTextField(v_model=(f"{self._prefix}_{name}",), label=title_of(name), id=f"{self._prefix}-{name}")

    def read(self) -> dict[str, float]:
        """Return the numbers by the names of the settings.

        Raises:
            InputError: If one is no number.
        """
        return {name: number_of(self._state[f"{self._prefix}_{name}"], title_of(name)) for name in self.names}
