"""Stand-ins for CTK widgets: plain Qt widgets with the same class, property and signal names."""

from __future__ import annotations

import re
import sys
from fnmatch import fnmatch
from types import ModuleType
from typing import Any

from PySide6.QtCore import Property, QEvent, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOption,
    QTextBrowser,
    QToolButton,
    QWidget,
)

from slicer_stand_ins.pythonqt import STAND_INS, option, stand_in

HEADER = 26  # pixels
STEPS = 1000  # positions of a slider's handle


@stand_in
class ctkCollapsibleButton(QAbstractButton):
    """A section with a header that collapses and expands it, by click or space bar."""

    contentsCollapsed = Signal(bool)
    collapsed = option(bool, False, "_fold")
    flat = option(bool, False)
    collapsedHeight = option(int, 10)
    contentsFrameShape = option(int, 0)
    buttonTextAlignment = option(int, 0)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._folded: list[Any] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setContentsMargins(0, HEADER, 0, 0)
        self.clicked.connect(lambda: setattr(self, "collapsed", not self.collapsed))

    def _fold(self) -> None:
        if self.collapsed:
            self._hide_contents()
        else:
            for child in self._folded:
                child.setVisible(True)
            self._folded.clear()
        self.updateGeometry()
        self.contentsCollapsed.emit(self.collapsed)

    def _hide_contents(self) -> None:
        for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not child.isHidden():
                child.setVisible(False)
                self._folded.append(child)

    def event(self, event: Any) -> bool:
        if event.type() in (QEvent.Type.ChildPolished, QEvent.Type.Show, QEvent.Type.LayoutRequest) and self.collapsed:
            self._hide_contents()
        return super().event(event)

    def hitButton(self, position: Any) -> bool:
        return position.y() < HEADER

    def sizeHint(self) -> Any:
        size = QWidget.sizeHint(self)
        size.setHeight(HEADER + 2 if self.collapsed else size.height())
        return size

    def minimumSizeHint(self) -> Any:
        size = QWidget.minimumSizeHint(self)
        size.setHeight(HEADER + 2 if self.collapsed else size.height())
        return size

    def paintEvent(self, _event: Any) -> None:
        painter, palette = QPainter(self), self.palette
        header = QRect(0, 0, self.width, HEADER - 3)
        painter.fillRect(header, palette.button().color().darker(106))
        painter.setPen(palette.mid().color())
        painter.drawRect(header.adjusted(0, 0, -1, -1))
        arrow = QStyleOption()
        arrow.initFrom(self)
        arrow.rect = QRect(4, 4, HEADER - 11, HEADER - 11)
        kind = (
            QStyle.PrimitiveElement.PE_IndicatorArrowRight
            if self.collapsed
            else (QStyle.PrimitiveElement.PE_IndicatorArrowDown)
        )
        self.style().drawPrimitive(kind, arrow, painter, self)
        painter.setPen(palette.buttonText().color())
        painter.drawText(header.adjusted(HEADER, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text)


@stand_in
class ctkCollapsibleGroupBox(QGroupBox):
    """A group box that its check box collapses and expands."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.toggled.connect(self._fold)

    def _fold(self, _open: bool = True) -> None:
        for child in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            child.setVisible(self.checked)
        self.setMaximumHeight(2**24 - 1 if self.checked else self.fontMetrics().height() + 6)

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._fold()

    def setCollapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    collapsed = Property(bool, lambda self: not self.checked, setCollapsed)


class _WithSlider(QWidget):
    """A slider and a spin box, kept in sync."""

    singleStep = option(float, 1.0)
    pageStep = option(float, 10.0)
    decimals = option(int, 2, "_show")
    tracking = option(bool, True)
    suffix = option(str, "", "_show")
    prefix = option(str, "", "_show")
    tickInterval = option(float, 0.0)
    minimum = option(float, 0.0, "_show")
    maximum = option(float, 99.0, "_show")

    def _show(self) -> None:
        raise NotImplementedError

    def setRange(self, minimum: float, maximum: float) -> None:
        self.minimum, self.maximum = float(minimum), float(maximum)

    def _to_handle(self, value: float) -> int:
        if self.maximum <= self.minimum:  # one of the two is not set yet
            return 0
        return round(STEPS * (value - self.minimum) / max(self.maximum - self.minimum, 1e-9))

    def _from_handle(self, step: int) -> float:
        return round(self.minimum + (self.maximum - self.minimum) * step / STEPS, self.decimals)

    def _box(self, changed: Any) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(-1e9, 1e9)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(changed)
        self.layout().addWidget(box)
        return box

    def _slider(self, moved: Any) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, STEPS)
        slider.sliderMoved.connect(lambda step: moved(self._from_handle(step)))
        self.layout().addWidget(slider, 1)
        return slider

    def _show_in(self, box: QDoubleSpinBox, slider: QSlider, value: float) -> None:
        blocked = box.blockSignals(True)
        box.setDecimals(self.decimals)
        box.setSuffix(self.suffix)
        box.setPrefix(self.prefix)
        box.setRange(self.minimum, self.maximum)
        box.setSingleStep(self.singleStep)
        box.setValue(value)
        box.blockSignals(blocked)
        slider.setValue(self._to_handle(value))


@stand_in
class ctkSliderWidget(_WithSlider):
    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QHBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self._value = 0.0
        self._handle, self._number = self._slider(self._set), self._box(self._set)

    def _show(self) -> None:
        self._set(self._value)
        self._show_in(self._number, self._handle, self._value)

    def _set(self, value: float) -> None:
        value = float(min(max(value, self.minimum), self.maximum))
        if value != self._value:
            self._value = value
            self._show_in(self._number, self._handle, value)
            self.valueChanged.emit(value)

    value = Property(float, lambda self: self._value, _set)


@stand_in
class ctkRangeWidget(_WithSlider):
    valuesChanged = Signal(float, float)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QHBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self._values = (0.0, 99.0)
        self._low = self._box(lambda value: self.setValues(value, self._values[1]))
        self._handle = self._slider(lambda value: self.setValues(value, self._values[1]))
        self._high = self._box(lambda value: self.setValues(self._values[0], value))

    def _show(self) -> None:
        self.setValues(*self._values)
        self._show_in(self._low, self._handle, self._values[0])
        self._show_in(self._high, self._handle, self._values[1])

    def setValues(self, low: float, high: float) -> None:
        low, high = (float(min(max(value, self.minimum), self.maximum)) for value in (low, high))
        if (low, high) != self._values and low <= high:
            self._values = (low, high)
            self._show_in(self._low, self._handle, low)
            self._show_in(self._high, self._handle, high)
            self.valuesChanged.emit(low, high)

    minimumValue = Property(
        float, lambda self: self._values[0], lambda self, value: self.setValues(value, self._values[1])
    )
    maximumValue = Property(
        float, lambda self: self._values[1], lambda self, value: self.setValues(self._values[0], value)
    )


@stand_in
class ctkDoubleSlider(ctkSliderWidget):
    pass


@stand_in
class ctkDoubleRangeSlider(ctkRangeWidget):
    pass


@stand_in
class ctkDoubleSpinBox(QDoubleSpinBox):
    pass


@stand_in
class ctkPathLineEdit(QWidget):
    """A path that can be typed or chosen. An empty path, or one that matches no name filter, is not signaled."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    Dirs, Drives, Files, Readable, Writable, Executable = 1, 2, 4, 16, 32, 64
    filters = option("QVariant", 0)
    settingKey = option(str, "")
    nameFilters = option("QStringList", [])
    showBrowseButton = option(bool, True)
    showHistoryButton = option(bool, True)

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        QHBoxLayout(self).setContentsMargins(0, 0, 0, 0)
        self._path, self._browse = QLineEdit(), QToolButton()
        self._browse.setText("…")
        self.setFocusProxy(self._path)
        for part in (self._path, self._browse):
            self.layout().addWidget(part)
        self._path.textChanged.connect(self._tell)
        self._valid = False
        self._browse.clicked.connect(self.browse)

    def browse(self) -> None:
        if path := QFileDialog.getOpenFileName(self, "", self.currentPath):
            self._path.setText(path)

    def addCurrentPathToHistory(self) -> None:
        pass

    def _tell(self, path: str) -> None:
        patterns = re.findall(r"\*\S*?(?=[\s)]|$)", " ".join(self.nameFilters))
        valid = bool(path) and (not patterns or any(fnmatch(path, pattern) for pattern in patterns))
        if valid:
            self.currentPathChanged.emit(path)
        if valid != self._valid:
            self._valid = valid
            self.validInputChanged.emit(valid)

    currentPath = Property(str, lambda self: self._path.text, lambda self, path: self._path.setText(path))


@stand_in
class ctkDirectoryButton(QPushButton):
    directoryChanged = Signal(str)
    directory = option(str, "", "_show")
    caption = option(str, "")

    def _show(self) -> None:
        self.setText(self.directory)
        self.directoryChanged.emit(self.directory)


@stand_in
class ctkCheckBox(QCheckBox):
    pass


@stand_in
class ctkComboBox(QComboBox):
    defaultText = option(str, "")


@stand_in
class ctkCheckablePushButton(QPushButton):
    checkBoxControlsButtonToggleState = option(bool, False)


@stand_in
class ctkColorPickerButton(QPushButton):
    colorChanged = Signal(QColor)
    color = option(QColor, QColor())


@stand_in
class ctkMenuButton(QPushButton):
    pass


@stand_in
class ctkSearchBox(QLineEdit):
    showSearchIcon = option(bool, True)


@stand_in
class ctkFittedTextBrowser(QTextBrowser):
    collapsed = option(bool, False)
    collapsible = option(bool, False)


@stand_in
class ctkExpandableWidget(QWidget):
    pass


@stand_in
class ctkThumbnailLabel(QLabel):
    pass


class ctkMessageBox(QMessageBox):
    """A modal message box, which a test has to replace, since it would block the test."""


def install() -> ModuleType:
    """Create and return the module ``ctk``."""
    ctk = ModuleType("ctk")
    for name, widget_class in STAND_INS.items():
        if name.startswith("ctk"):
            setattr(ctk, name, widget_class)
    ctk.ctkMessageBox = ctkMessageBox
    sys.modules["ctk"] = ctk
    return ctk
