"""Settings as fields of the page, by the names that they have as parameters of Slicer's panel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from trame.widgets import vuetify3 as v3

from CraNeXtLib.slicer_ui.browser_app.typed_settings import number_of, title_of
from CraNeXtLib.slicer_ui.runs.setting_parameters import SettingParameters


class PageParameters:
    """The parameters of a section, with the library's defaults.

    What reads a panel's parameters as attributes, such as ``finish_settings``, reads these likewise: an attribute is
    what the field says now, with the type of its default.

    Args:
        state: The state of the page.
        prefix: Beginning of the keys in the state and of the fields' IDs.
    """

    def __init__(self, state: Any, prefix: str) -> None:
        self._state = state
        self._prefix = prefix
        self._defaults: dict[str, Any] = {}
        self._titles: dict[str, str] = {}

    def add_settings(self, parameters: SettingParameters, settings: type) -> None:
        """Add the fields of one of the library's settings.

        Args:
            parameters: The names of their parameters.
            settings: The library's dataclass.
        """
        known = {field.name: field.default for field in fields(settings)}
        for name, parameter in parameters.names.items():
            self.add(parameter, title_of(name), known[name])

    def add(self, parameter: str, title: str, default: Any) -> None:
        """Add a parameter, or give one of the library's settings another title or default."""
        self._titles[parameter], self._defaults[parameter] = title, default
        shown = default if isinstance(default, bool) else "" if default is None else str(default)
        self._state[self.key(parameter)] = shown

    @property
    def keys(self) -> list[str]:
        """The keys of all parameters in the state."""
        return [self.key(parameter) for parameter in self._defaults]

    def key(self, parameter: str) -> str:
        """Return a parameter's key in the state, which is also the ID of its field."""
        return f"{self._prefix}_{parameter}"

    def build(self, parameters: Iterable[str]) -> None:
        """Add fields to the page: a tick for what is on or off, and something to type into for the others."""
        for parameter in parameters:
            key = self.key(parameter)
            widget = v3.VCheckbox if isinstance(self._defaults[parameter], bool) else v3.VTextField
            widget(v_model=(key,), label=self._titles[parameter], id=key)

    def build_choice(self, parameter: str, choices: dict[str, str]) -> None:
        """Add a choice to the page, of values with their titles."""
        key = self.key(parameter)
        items = [{"value": value, "title": title} for value, title in choices.items()]
        v3.VSelect(v_model=(key,), items=(f"{key}_choices", items), label=self._titles[parameter], id=key)

    def __getattr__(self, parameter: str) -> Any:
        """Return what a field says.

        Raises:
            InputError: If it should be a number and is not.
        """
        try:
            default = self._defaults[parameter]
        except KeyError:
            raise AttributeError(parameter) from None
        given = self._state[self.key(parameter)]
        if isinstance(default, bool):
            return bool(given)
        if isinstance(default, (int, float)):
            number = number_of(given, self._titles[parameter])
            return int(number) if isinstance(default, int) and number.is_integer() else number
        return str(given or "").strip()
