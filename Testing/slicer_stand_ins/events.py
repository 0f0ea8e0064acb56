"""Waiting for what happens in Qt's event loop, or in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 1200.0
"""Far more than anything takes on a busy machine: this limit only ends a test that would hang."""


def wait_until(condition: Callable[[], Any], seconds: float = PATIENCE_S) -> None:
    """Process events, if the application was started, until a condition holds.

    Raises:
        AssertionError: If it does not hold in time.
    """
    import slicer

    process_events = slicer.app.processEvents if getattr(slicer, "app", None) else lambda: None
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition was not met in time"
        process_events()
        time.sleep(0.01)
    process_events()
