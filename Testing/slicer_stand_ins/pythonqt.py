"""Qt as Slicer's Python exposes it (PythonQt), on top of PySide6.

Reproduced: Properties are attributes that can be read and set, in addition to the usual methods (``label.text = "a"``,
``label.setText("a")``). ``name`` is the object name. ``widget.connect("clicked(bool)", slot)`` refuses unknown signals,
and passes as many arguments as the signature has. Unknown attributes of a Qt class cannot be set. File dialogs return
the file name alone.

Not reproduced: conversion of arguments, enumerations as integers, ownership of widgets, and crashes.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from types import MethodType, ModuleType
from typing import Any

VIRTUAL = {"sizeHint", "minimumSizeHint"}  # Qt calls these methods, so they must remain methods
_numbers = count()
_lenient: list[bool] = []
_held: list[Any] = []  # connected slots, which PythonQt keeps alive and PySide6 does not


class _QtProperty(property):
    """A Qt property on instances; on the class, the method of the same name if there is one (``QTimer.singleShot``)."""

    def __init__(self, name: str, method: Any) -> None:
        def read(widget: Any) -> Any:
            return _OriginalObject.property(widget, name)

        def write(widget: Any, value: Any) -> None:
            if isinstance(read(widget), bool):
                value = bool(value)
            if not _OriginalObject.setProperty(widget, name, value):
                raise ValueError(f"property {name} of {type(widget).__name__} does not accept {value!r}")

        super().__init__(read, write)
        self._method = method

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None and self._method is not None:
            return self._method
        return super().__get__(instance, owner)


def option(kind: Any, default: Any, then: str | None = None) -> Any:
    """Return a Qt property whose value the stand-in widget stores; ``then`` names a method to call after a change."""
    from PySide6.QtCore import Property

    key = f"_option{next(_numbers)}"

    def read(widget: Any) -> Any:
        return widget.__dict__.get(key, default)

    def write(widget: Any, value: Any) -> None:
        if read(widget) != value:
            widget.__dict__[key] = value
            if then is not None:
                getattr(widget, then)()

    return Property(kind, read, write)


def stand_in(widget_class: type) -> type:
    """Class decorator that adds a setter for each property of a stand-in, and makes it known to .ui files."""
    from PySide6.QtCore import Property

    for name, value in list(vars(widget_class).items()):
        setter = f"set{name[0].upper()}{name[1:]}"
        if isinstance(value, Property) and not hasattr(widget_class, setter):
            setattr(widget_class, setter, lambda widget, new, name=name: setattr(widget, name, new))
    STAND_INS[widget_class.__name__] = widget_class
    return widget_class


STAND_INS: dict[str, type] = {}
"""Stand-in widgets by class name."""


def install() -> ModuleType:
    """Start Qt without a screen, make PySide6 behave like PythonQt, and return the module ``qt``."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6 import QtCore, QtGui, QtWidgets

    if QtWidgets.QApplication.instance() is None:
        install.application = QtWidgets.QApplication(["Slicer"])
        install.application.setStyle("Fusion")
    _keep_constants()
    _change_objects(QtCore.QObject)
    qt = ModuleType("qt")
    for library in (QtCore, QtGui, QtWidgets):
        for name in dir(library):
            if name[0].isupper() or name == "qVersion":
                value = getattr(library, name)
                setattr(qt, name, value)
                if isinstance(value, type) and issubclass(value, QtCore.QObject):
                    _show_properties(value)
    _change_file_dialogs(QtWidgets.QFileDialog)
    sys.modules["qt"] = qt
    return qt


def release() -> None:
    """Release all connected slots, between tests."""
    _held.clear()


def _keep_constants() -> None:
    """Keep None, True and False alive: PySide6 6.12 releases references to them that it does not own.

    Before Python 3.12, which made them immortal, the interpreter ends with a fatal error when none is left.
    """
    if sys.version_info < (3, 12):
        for constant in (None, True, False):
            ctypes.c_ssize_t.from_address(id(constant)).value += 1 << 40


@contextmanager
def lenient() -> Iterator[None]:
    """Ignore assignments to unknown attributes in this context instead of refusing them."""
    _lenient.append(True)
    try:
        yield
    finally:
        _lenient.pop()


def connect(sender: Any, signal: str, slot: Callable[..., Any]) -> bool:
    """Connect a signal ``"name(types)"``, where a pointer to a VTK object stands for any object.

    Raises:
        ValueError: If the sender has no such signal.
    """
    signature = _known_signal(sender, signal)
    _held.append(slot)
    return bool(_OriginalObject.connect(sender, f"2{signature}", slot))


def disconnect(sender: Any, signal: str | None = None, slot: Callable[..., Any] | None = None) -> bool:
    """Undo :func:`connect`."""
    if signal is None:
        return _OriginalObject.disconnect(sender)
    return _OriginalObject.disconnect(sender, f"2{_known_signal(sender, signal)}", slot)


class _OriginalObject:
    """QObject's methods in PySide6."""

    connect: Any
    disconnect: Any
    property: Any
    setProperty: Any


def _known_signal(sender: Any, signal: str) -> str:
    from PySide6.QtCore import QMetaMethod, QMetaObject

    wanted = bytes(QMetaObject.normalizedSignature(signal).data()).decode()
    name, _, types = wanted.rstrip(")").partition("(")
    pointers = [
        "PyObject" if kind.startswith(("vtk", "q")) and kind.endswith("*") else kind for kind in types.split(",")
    ]
    wanted = f"{name}({','.join(pointers)})"
    meta = sender.metaObject()
    methods = [meta.method(i) for i in range(meta.methodCount())]
    known = [
        bytes(method.methodSignature().data()).decode()
        for method in methods
        if method.methodType() == QMetaMethod.MethodType.Signal
    ]
    if "(" not in signal or wanted not in known:
        raise ValueError(f"{type(sender).__name__} has no signal {signal}; it has {', '.join(known)}")
    return wanted


def _show_properties(qt_class: type) -> None:
    meta = qt_class.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if name not in VIRTUAL:
            setattr(qt_class, name, _QtProperty(name, getattr(qt_class, name, None)))
    qt_class.__setattr__ = _set_attribute


def _change_objects(qobject: Any) -> None:
    from shiboken6 import Shiboken

    for name in ("connect", "disconnect", "property", "setProperty"):
        setattr(_OriginalObject, name, getattr(qobject, name))
    get_attribute = qobject.__getattribute__
    own = {"connect": connect, "disconnect": disconnect}

    def get(instance: Any, name: str) -> Any:
        # PySide6 looks these two up before the class attributes, so changing the class would have no effect.
        return MethodType(own[name], instance) if name in own else get_attribute(instance, name)

    children = qobject.children
    qobject.__getattribute__ = get
    qobject.name = _QtProperty("objectName", None)
    qobject.className = lambda self: self.metaObject().className()
    qobject.delete = lambda self: Shiboken.delete(self)
    qobject.children = lambda self: list(children(self))


def _set_attribute(instance: Any, name: str, value: Any) -> None:
    """Set an attribute; like PythonQt, refuse unknown attributes of Qt classes and stand-ins."""
    kind = type(instance)
    known = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
    if hasattr(type(known), "__set__"):
        type(known).__set__(known, instance, value)
    elif known is not None and type(known).__name__ == "Property":
        _OriginalObject.setProperty(instance, name, value)
    elif known is None and not name.startswith("_") and (_is_qt(kind) or kind.__name__ in STAND_INS):
        if _lenient:
            return
        raise AttributeError(f"{kind.__name__} has no attribute {name}")
    else:
        instance.__dict__[name] = value


def _is_qt(kind: type) -> bool:
    return kind.__module__.startswith("PySide6")


def _change_file_dialogs(dialog: Any) -> None:
    for name in ("getOpenFileName", "getOpenFileNames", "getSaveFileName"):
        ask = getattr(dialog, name)
        setattr(dialog, name, staticmethod(lambda *arguments, ask=ask: ask(*arguments)[0]))
