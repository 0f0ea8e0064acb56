"""Stand-in for ``slicer.parameterNodeWrapper``: typed parameters in a node of the scene, bound to widgets.

It supports numbers, strings, Booleans, paths, enumerations, nodes and None, with ranges or choices. They are stored in
the node as Slicer stores them, so a scene saved with one can be read with the other.
"""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
import vtk


@dataclass
class Default:
    """Initial value of a parameter."""

    value: Any


@dataclass
class WithinRange:
    """Range of a number."""

    minimum: float
    maximum: float

    def check(self, value: float) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} to {self.maximum}")


@dataclass
class Choice:
    """Allowed values of a parameter."""

    choices: list[Any]

    def check(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value} is none of {self.choices}")


@dataclass
class Decimals:
    """Number of decimals shown by a widget."""

    value: int


@dataclass
class SingleStep:
    """Step size of a widget."""

    value: float


def parameterNodeWrapper(wrapped: type) -> type:
    """Class decorator that turns the annotations of a class into parameters stored in a node."""
    hints = typing.get_type_hints(wrapped, include_extras=True)
    parameters = {name: _Parameter(name, kind, getattr(wrapped, name, None)) for name, kind in hints.items()}
    members = {name: property(parameter.read, parameter.write) for name, parameter in parameters.items()}
    return type(wrapped.__name__, (_Wrapper,), {**vars(wrapped), **members, "_parameters": parameters})


class _Parameter:
    def __init__(self, name: str, kind: Any, value: Any) -> None:
        notes: list[Any] = []
        if typing.get_origin(kind) is typing.Annotated:
            kind, *notes = typing.get_args(kind)
        self.name, self.notes = name, notes
        self.optional = type(None) in typing.get_args(kind)
        kinds = [part for part in typing.get_args(kind) if part is not type(None)]
        is_union = typing.get_origin(kind) in (typing.Union, types.UnionType)
        self.kinds: list[Any] = kinds if is_union else [kind]
        self.is_node = all(isinstance(part, type) and issubclass(part, slicer.vtkMRMLNode) for part in self.kinds)
        defaults = [note.value for note in notes if isinstance(note, Default)]
        self.default = value if value is not None else defaults[0] if defaults else self._plain()

    def _plain(self) -> Any:
        choices = next((note.choices for note in self.notes if isinstance(note, Choice)), None)
        if self.is_node or self.optional:
            return None
        if choices:
            return choices[0]
        return next(iter(self.kinds[0])) if issubclass(self.kinds[0], enum.Enum) else self.kinds[0]()

    def note(self, kind: type) -> Any:
        return next((note for note in self.notes if isinstance(note, kind)), None)

    def read(self, wrapper: Any) -> Any:
        node = wrapper.parameterNode
        if self.is_node:
            return node.GetNodeReference(self.name)
        if not node.HasParameter(self.name):
            return self.default
        text, kind = node.GetParameter(self.name), self.kinds[0]
        if issubclass(kind, enum.Enum):
            return kind[text]
        return text == "True" if kind is bool else kind(text)

    def write(self, wrapper: Any, value: Any) -> None:
        node, kind = wrapper.parameterNode, self.kinds[0]
        if self.is_node:
            if value is not None and not isinstance(value, tuple(self.kinds)):
                raise ValueError(f"{self.name} cannot be {value!r}")
            node.SetNodeReferenceID(self.name, value.GetID() if value is not None else None)
            return
        if not isinstance(value, (int, float) if kind is float else kind):
            raise ValueError(f"{self.name} cannot be {value!r}")
        for note in self.notes:
            if hasattr(note, "check"):
                note.check(value)
        node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))


class _Wrapper:
    _parameters: dict[str, _Parameter]

    def __init__(self, node: Any) -> None:
        self.parameterNode = node
        self._connections: dict[int, tuple[dict[str, _Connector], int]] = {}
        self._showing = False
        for name, parameter in self._parameters.items():
            if not node.HasParameter(name) and parameter.default is not None:
                setattr(self, name, parameter.default)

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()

    def StartModify(self) -> Any:
        return self.parameterNode.StartModify()

    def EndModify(self, was_modified: Any) -> Any:
        return self.parameterNode.EndModify(was_modified)

    def connectGui(self, gui: Any) -> int:
        """Bind each widget that has the property SlicerParameterName; return a tag for :meth:`disconnectGui`."""
        widgets = [w for w in vars(gui).values() if w.property("SlicerParameterName")]
        return self.connectParametersToGui({w.property("SlicerParameterName"): w for w in widgets})

    def connectParametersToGui(self, widgets: dict[str, Any]) -> int:
        connectors = {name: _Connector(widget, self._parameters[name]) for name, widget in widgets.items()}
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._show(connectors))
        self._show(connectors)
        for name, connector in connectors.items():
            connector.connect(lambda name=name, connector=connector: self._changed(name, connector))
        tag = len(self._connections)
        self._connections[tag] = (connectors, observer)
        return tag

    def disconnectGui(self, tag: int) -> None:
        connectors, observer = self._connections.pop(tag, ({}, None))
        for connector in connectors.values():
            connector.disconnect()
        if observer is not None:
            self.RemoveObserver(observer)

    def _show(self, connectors: dict[str, _Connector]) -> None:
        if not self._showing:
            self._showing = True
            try:
                for name, connector in connectors.items():
                    connector.show(getattr(self, name))
            finally:
                self._showing = False

    def _changed(self, name: str, connector: _Connector) -> None:
        if not self._showing:
            setattr(self, name, connector.value())


SIGNALS = {
    "QCheckBox": "toggled",
    "QPushButton": "toggled",
    "QSpinBox": "valueChanged",
    "QSlider": "valueChanged",
    "QDoubleSpinBox": "valueChanged",
    "ctkSliderWidget": "valueChanged",
    "QComboBox": "currentIndexChanged",
    "QLineEdit": "textChanged",
    "ctkPathLineEdit": "currentPathChanged",
    "qMRMLNodeComboBox": "currentNodeChanged",
}
"""Signal of a change by class of the widget. Like Slicer, this compares exact classes, not base classes."""


class _Connector:
    """The connection between a widget and one parameter."""

    def __init__(self, widget: Any, parameter: _Parameter) -> None:
        self._widget, self._parameter, self._kind = widget, parameter, type(widget).__name__
        if self._kind not in SIGNALS:
            raise RuntimeError(f"parameter {parameter.name} cannot be bound to a {self._kind}")
        self._called: Callable[[], None] | None = None
        self._prepare()

    def _prepare(self) -> None:
        widget, limits, kind = self._widget, self._parameter.note(WithinRange), self._parameter.kinds[0]
        if self._kind == "QComboBox":
            choice = self._parameter.note(Choice)
            labels = [getattr(kind, "label", lambda e: e.name)(e) for e in kind] if choice is None else choice.choices
            self._choices = list(kind) if choice is None else choice.choices
            widget.clear()
            widget.addItems([str(label) for label in labels])
        elif self._kind == "qMRMLNodeComboBox":
            widget.nodeTypes = [part.__name__ for part in self._parameter.kinds]
        elif limits is not None:
            widget.minimum, widget.maximum = limits.minimum, limits.maximum
        elif self._kind == "ctkSliderWidget":
            raise RuntimeError(f"parameter {self._parameter.name} needs WithinRange for a slider")
        for note, name in ((Decimals, "decimals"), (SingleStep, "singleStep")):
            if self._parameter.note(note) is not None:
                setattr(widget, name, self._parameter.note(note).value)

    def connect(self, called: Callable[[], None]) -> None:
        self._called = lambda *_: called()
        getattr(self._widget, SIGNALS[self._kind]).connect(self._called)

    def disconnect(self) -> None:
        getattr(self._widget, SIGNALS[self._kind]).disconnect(self._called)

    def value(self) -> Any:
        widget, kind = self._widget, self._kind
        if kind in ("QCheckBox", "QPushButton"):
            return widget.checked
        if kind == "QComboBox":
            return self._choices[widget.currentIndex]
        if kind == "QLineEdit":
            return widget.text
        if kind == "ctkPathLineEdit":
            return Path(widget.currentPath)
        if kind == "qMRMLNodeComboBox":
            return widget.currentNode()
        return self._parameter.kinds[0](widget.value)

    def show(self, value: Any) -> None:
        widget, kind = self._widget, self._kind
        if kind in ("QCheckBox", "QPushButton"):
            widget.checked = value
        elif kind == "QComboBox":
            widget.currentIndex = self._choices.index(value)
        elif kind == "QLineEdit":
            if widget.text != value:
                widget.text = value
        elif kind == "ctkPathLineEdit":
            widget.currentPath = str(value)
        elif kind == "qMRMLNodeComboBox":
            widget.setCurrentNode(value)
        else:
            widget.value = value
