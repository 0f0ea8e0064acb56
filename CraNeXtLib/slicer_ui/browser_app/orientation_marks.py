"""Which way the views look: letters at the edges of slices, and axes in the corner of 3D."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk

_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))
"""Toward lower and higher values of each axis of RAS."""

_LOW, _MIDDLE, _HIGH = vtk.VTK_TEXT_LEFT, vtk.VTK_TEXT_CENTERED, vtk.VTK_TEXT_RIGHT
"""Justifications along either axis; vertically, they are called bottom, centered and top."""

_EDGES = {
    "left": ((0.01, 0.5), (_LOW, _MIDDLE), (-1, 0)),
    "right": ((0.99, 0.5), (_HIGH, _MIDDLE), (1, 0)),
    "bottom": ((0.5, 0.14), (_MIDDLE, _LOW), (0, -1)),
    "top": ((0.5, 0.98), (_MIDDLE, _HIGH), (0, 1)),
}
"""Position in the view, justification, and direction, each across and up; below the lowest is the slider."""

_FONT_SIZE = 18  # pixels
_OBLIQUE = 0.3  # share of a second axis from which on it is named, too


def direction_letters(direction_ras: np.ndarray) -> str:
    """Return where a direction points to, the axis that it is closest to first.

    >>> direction_letters(np.array([-0.9, 0.0, 0.43]))
    'LS'
    """
    shares = np.abs(direction_ras) / np.linalg.norm(direction_ras)
    order = [axis for axis in np.argsort(-shares) if shares[axis] > _OBLIQUE]
    return "".join(_LETTERS[axis][int(direction_ras[axis] > 0)] for axis in order)


def mark_slice(view: Any) -> None:
    """Show at each edge of a slice where it points to, also after the slice is turned.

    Args:
        view: A slice view of trame-slicer.
    """
    node = view.get_view_node()
    actors = {edge: _letter(place, justified) for edge, (place, justified, _direction) in _EDGES.items()}
    for actor in actors.values():
        view.first_renderer().AddViewProp(actor)

    def update(*_event: Any) -> None:
        matrix = node.GetSliceToRAS()
        for edge, (_place, _justified, (across, up)) in _EDGES.items():
            direction = [matrix.GetElement(row, 0) * across + matrix.GetElement(row, 1) * up for row in range(3)]
            actors[edge].SetInput(direction_letters(np.array(direction)))

    node.AddObserver(vtk.vtkCommand.ModifiedEvent, update)
    update()


def mark_3d(view: Any) -> None:
    """Show the axes of the head in the corner of a 3D view."""
    node = view.get_view_node()
    node.SetOrientationMarkerType(node.OrientationMarkerTypeAxes)
    node.SetOrientationMarkerSize(node.OrientationMarkerSizeSmall)


def _letter(place: tuple[float, float], justified: tuple[int, int]) -> Any:
    actor = vtk.vtkTextActor()
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(*place)
    style = actor.GetTextProperty()
    style.SetFontSize(_FONT_SIZE)
    style.SetColor(1.0, 0.9, 0.3)
    style.SetShadow(True)
    style.SetJustification(justified[0])
    style.SetVerticalJustification(justified[1])
    return actor
