"""Waiting for what happens in Qt's event loop, or in another process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 1200.0
"""Far more than a step of anything takes on a busy machine: this limit only ends a test that would hang."""


def wait_until(condition: Callable[[], Any], sign_of_life: Callable[[], Any] = lambda: None) -> None:
    """Process events, if the application was started, until a condition holds.

    Args:
        condition: Returns whether it holds.
        sign_of_life: Returns something that changes while there is progress. Each change renews the patience, so that
            a busy machine makes long work slower, but fails no test.

    Raises:
        AssertionError: If nothing happened for ``PATIENCE_S``.
    """
    import slicer

    process_events = slicer.app.processEvents if getattr(slicer, "app", None) else lambda: None
    end, seen = time.monotonic() + PATIENCE_S, sign_of_life()
    while not condition():
        if (sign := sign_of_life()) != seen:
            end, seen = time.monotonic() + PATIENCE_S, sign
        assert time.monotonic() < end, "the condition was not met, and nothing happened for long"
        process_events()
        time.sleep(0.01)
    process_events()
