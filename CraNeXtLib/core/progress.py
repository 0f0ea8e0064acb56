"""Progress of long work: named stages, one true fraction, seconds, and the place where a cancel takes effect."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

ProgressCallback = Callable[[str, float], None]
"""Called with the stage's name and the fraction of the whole work, 0 to 1. It may raise CancelledError."""

_SMALLEST_FRACTION, _LEAST_SECONDS = 0.05, 2.0  # before which the time left is a guess


def seconds_left(fraction: float, elapsed: float) -> float | None:
    """Return how long work will still take, or None while that cannot be told.

    Args:
        fraction: Part of the whole that is done, 0 to 1.
        elapsed: Seconds that it has taken.
    """
    if fraction < _SMALLEST_FRACTION or elapsed < _LEAST_SECONDS:
        return None
    return elapsed * (1 - fraction) / fraction


class Stages:
    """Turns the progress of single stages into that of the whole.

    Args:
        shares: The share of the whole time that each stage takes, in order, as measured; they need not sum to 1.
        callback: Who is told.
    """

    def __init__(self, shares: Mapping[str, float], callback: ProgressCallback | None = None) -> None:
        self._shares = dict(shares)
        self._callback = callback or (lambda _stage, _fraction: None)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[..., None]]:
        """Run one stage.

        The value is a function to call with the stage's own fraction, 0 to 1, and the name of a part of it, if any.
        """
        names = list(self._shares)
        total = sum(self._shares.values())
        before = sum(self._shares[n] for n in names[: names.index(name)])

        def update(fraction: float, part: str = name) -> None:
            self._callback(part, (before + min(max(fraction, 0.0), 1.0) * self._shares[name]) / total)

        update(0.0)
        start = time.perf_counter()
        yield update
        self.seconds[name] = round(time.perf_counter() - start, 3)
        update(1.0)


def duration(seconds: float) -> str:
    """Return a length of time in words."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
