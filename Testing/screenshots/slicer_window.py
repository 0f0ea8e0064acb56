"""Pictures that resemble Slicer's window: a panel with the views of the layout beside it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from PIL import Image
from PySide6 import QtGui, QtWidgets
from slicer_stand_ins.offscreen_views import slice_view, three_d_view

PANEL_WIDTH = 440
VIEWS_WIDTH = 900
CAPTION = 20  # pixels
ROOM = 200  # extra pixels, since wrapped texts request too few; the empty rest is cut off
MARGIN = 14  # pixels below the last section
COLORS = 256  # in the file's palette, chosen so that the colors of legends and regions are preserved
DARK = {  # Qt's Fusion style on a dark desktop
    "Window": "#353535", "WindowText": "#f0f0f0", "Base": "#232323", "AlternateBase": "#2d2d2d", "Text": "#f0f0f0",
    "Button": "#454545", "ButtonText": "#f0f0f0", "ToolTipBase": "#353535", "ToolTipText": "#f0f0f0",
    "Highlight": "#2a82da", "HighlightedText": "#ffffff", "Mid": "#282828", "Dark": "#1e1e1e", "Light": "#5a5a5a",
    "Link": "#6cb4ff", "PlaceholderText": "#9a9a9a",
}  # fmt: skip
_light: QtGui.QPalette | None = None
_three_d: list[tuple[Any, Any]] = []  # the node and the view of every 3D view


def use_palette(dark: bool) -> None:
    """Set Qt's light or dark palette."""
    global _light
    if _light is None:
        _light = QtGui.QPalette(QtWidgets.QApplication.palette())
    palette = QtGui.QPalette(_light)
    if dark:
        for role, color in DARK.items():
            palette.setColor(getattr(QtGui.QPalette.ColorRole, role), QtGui.QColor(color))
        for role in ("WindowText", "Text", "ButtonText"):
            palette.setColor(
                QtGui.QPalette.ColorGroup.Disabled, getattr(QtGui.QPalette.ColorRole, role), QtGui.QColor("#808080")
            )
    QtWidgets.QApplication.setPalette(palette)


def open_three_d_views() -> None:
    """Create the 3D views before anything is in the scene, like Slicer.

    A legend is drawn only in a view that existed before it. The cameras look from the front and the left until a panel
    moves them.
    """
    for node in slicer.mrmlScene.GetNodesByClass("vtkMRMLViewNode"):
        view = three_d_view(node)
        view.window.Render()
        camera = slicer.app.logics["Cameras"].GetViewActiveCameraNode(node)
        camera.SetPosition(-260, 390, 156)
        camera.SetFocalPoint(0, 0, 0)
        camera.SetViewUp(0, 0, 1)
        _three_d.append((node, view))


def close_three_d_views() -> None:
    """Release the 3D views."""
    _three_d.clear()


def panel_picture(name: str, height: int) -> np.ndarray:
    """Return a picture of a module's open panel with its title, of at least some height, shape (height, width, 3)."""
    description = getattr(slicer.modules, name.lower())
    container = description.widgetRepresentation()
    title = QtWidgets.QLabel(f"  {description.title}")
    title.setStyleSheet("font-weight: bold; padding: 4px; border-bottom: 1px solid palette(mid);")
    title.resize(PANEL_WIDTH, title.sizeHint().height())
    for width in (PANEL_WIDTH + 50, PANEL_WIDTH):  # wrapped texts are measured only when the width changes
        container.resize(width, 900)
        for _ in range(3):  # collapsed sections release their space one layout at a time
            QtWidgets.QApplication.processEvents()
    needed = max(container.minimumSizeHint().height(), container.heightForWidth(PANEL_WIDTH)) + ROOM
    container.resize(PANEL_WIDTH, max(height - title.height, needed))
    QtWidgets.QApplication.processEvents()
    picture = np.vstack([_pixels(title.grab()), _pixels(container.grab())])
    filled = np.flatnonzero((picture != picture[-1, -1]).any(axis=(1, 2)))
    return picture[: max(height, filled[-1] + MARGIN)]


def widget_picture(widget: Any) -> np.ndarray:
    """Return a picture of a widget as wide as a panel and as high as needed, shape (height, width, 3)."""
    widget.resize(PANEL_WIDTH, max(widget.heightForWidth(PANEL_WIDTH), widget.minimumSizeHint().height()))
    QtWidgets.QApplication.processEvents()
    return _pixels(widget.grab())


def beside_views(panel: np.ndarray) -> np.ndarray:
    """Return a picture of a panel with the views of the layout to its right."""
    height = panel.shape[0]
    picture = np.zeros((height, panel.shape[1] + 4 + VIEWS_WIDTH, 3), dtype=np.uint8)
    picture[:, : panel.shape[1]] = panel
    node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    description = ET.fromstring(node.GetLayoutDescription(node.GetViewArrangement()))
    for view, (left, top, width, tall) in _places(description, (panel.shape[1] + 4, 0, VIEWS_WIDTH, height)):
        picture[top : top + tall, left : left + width] = _view_picture(view, width, tall)
    return picture


def save(picture: np.ndarray, file: Path) -> None:
    """Write a small PNG file."""
    palette = Image.fromarray(picture).quantize(COLORS, method=Image.Quantize.MAXCOVERAGE, kmeans=2, dither=0)
    palette.save(file, optimize=True)


def _places(layout: ET.Element, box: tuple[int, int, int, int]) -> list[tuple[ET.Element, tuple[int, int, int, int]]]:
    """Return the views of a layout's description and the box (left, top, width, height) of each."""
    if layout.tag == "view":
        return [(layout, box)]
    items = layout.findall("item")
    sizes = np.array([float(item.get("splitSize", 500)) for item in items])
    vertical = layout.get("type") == "vertical"
    edges = np.round(np.concatenate([[0], sizes.cumsum() / sizes.sum()]) * (box[3] if vertical else box[2])).astype(int)
    found = []
    for item, start, end in zip(items, edges[:-1], edges[1:], strict=True):
        inner = (
            (box[0], box[1] + start, box[2], end - start) if vertical else (box[0] + start, box[1], end - start, box[3])
        )
        found += _places(item[0], inner)
    return found


def _view_picture(view: ET.Element, width: int, height: int) -> np.ndarray:
    """Return a picture of a view below a strip with its name, with a thin gap to the next view."""
    kind, tag = view.get("class"), view.get("singletontag")
    node = slicer.mrmlScene.GetSingletonNode(tag, kind)
    size = (width - 2, height - 2 - CAPTION)
    if kind == "vtkMRMLSliceNode":
        drawn = slice_view(node, size).pixels()
        caption, color = f"{tag[0]}   {node.GetOrientation()}", QtGui.QColor.fromRgbF(*node.GetLayoutColor())
    elif kind == "vtkMRMLViewNode":
        three_d = next(view for known, view in _three_d if known is node)
        three_d.resize(size)
        drawn = three_d.pixels()
        caption, color = tag, QtGui.QColor("#7388d9")
    elif kind == "vtkMRMLPlotViewNode":
        from chart import chart_picture

        drawn, caption, color = chart_picture(node, size), "P", QtGui.QColor("#b6b6b6")
    else:
        widgets = map(slicer.app.layoutManager().tableWidget, range(slicer.app.layoutManager().tableViewCount))
        table = next(widget.tableView() for widget in widgets if widget.mrmlTableViewNode() is node)
        table.resize(*size)
        drawn, caption, color = _pixels(table.grab()), "T", QtGui.QColor("#b6b6b6")
    strip = QtWidgets.QLabel(f" {caption}")
    strip.setStyleSheet(f"background: {color.name()}; color: black; font-size: 11px;")
    strip.resize(size[0], CAPTION)
    picture = np.full((height, width, 3), 60, dtype=np.uint8)
    picture[:CAPTION, : size[0]] = _pixels(strip.grab())
    picture[CAPTION : height - 2, : size[0]] = drawn
    return picture


def _pixels(pixmap: QtGui.QPixmap) -> np.ndarray:
    image = pixmap.toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
