"""Strokes with the mouse in the slices, as positions in the head."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

_FIRST = 100.0  # priority, before what Slicer's views do with the same buttons


class BallBrush:
    """Collects the positions of a stroke while the left button is down in a slice.

    Args:
        slice_views: The slice views of trame-slicer.
        ended: Called with the positions of a stroke, RAS in mm, shape (N, 3), when the button is released.
    """

    def __init__(self, slice_views: list[Any], ended: Callable[[np.ndarray], None]) -> None:
        self.active = False
        self._ended = ended
        self._stroke: list[np.ndarray] = []
        self._drawing: Any = None
        for view in slice_views:
            for event in ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent"):
                self._observe(view, event)

    def _observe(self, view: Any, event: str) -> None:
        interactor = view.interactor()
        command: list[int] = []

        def handle(*_event: Any) -> None:
            if self._handle(view, event):
                interactor.GetCommand(command[0]).SetAbortFlag(1)

        command.append(interactor.AddObserver(event, handle, _FIRST))

    def _handle(self, view: Any, event: str) -> bool:
        """Return whether the event belongs to a stroke, so that the view does nothing else with it."""
        if event == "LeftButtonPressEvent" and self.active:
            self._drawing, self._stroke = view, []
        if self._drawing is not view:
            return False
        across, up = view.interactor().GetEventPosition()
        position = view.get_view_node().GetXYToRAS().MultiplyPoint((across, up, 0, 1))
        self._stroke.append(np.array(position[:3]))
        if event == "LeftButtonReleaseEvent":
            self._drawing = None
            self._ended(np.array(self._stroke))
        return True


def along(positions: np.ndarray, step_mm: float) -> np.ndarray:
    """Return positions on the line through positions, at most a step apart: the mouse is seen only here and there.

    >>> along(np.array([[0.0, 0, 0], [0, 3, 0]]), 1.5)[:, 1].tolist()
    [0.0, 1.5, 3.0]
    """
    line = [positions[:1]]
    for start, end in pairwise(positions):
        count = max(int(np.ceil(np.linalg.norm(end - start) / step_mm)), 1)
        line.append(start + (end - start) * (np.arange(1, count + 1) / count)[:, None])
    return np.concatenate(line)
