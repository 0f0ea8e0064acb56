"""Waiting for what happens in Qt's event loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 600.0
"""Far more than anything takes on a busy machine: this limit only ends a test that would hang."""


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
    """Process events until a condition holds.

    Raises:
        AssertionError: If it does not hold in time.
    """
    import slicer

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        slicer.app.processEvents()
        time.sleep(0.01)
    slicer.app.processEvents()
