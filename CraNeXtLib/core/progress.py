"""Progress of long work: named stages, the fraction that is done, and the seconds that each stage took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate

ProgressCallback = Callable[[str, float], None]
"""Called with the stage's name and the fraction of all the work that is done, 0 to 1. It may raise CancelledError."""

# Earlier than this, an estimate of the time left is a guess.
_SMALLEST_FRACTION = 0.05
_LEAST_SECONDS = 2.0


def seconds_left(fraction: float, elapsed: float) -> float | None:
    """Return how much longer work will take, or None if it is too early for an estimate.

    Args:
        fraction: Fraction of the work that is done, 0 to 1.
        elapsed: Seconds that it has taken.
    """
    if fraction < _SMALLEST_FRACTION or elapsed < _LEAST_SECONDS:
        return None
    return elapsed * (1 - fraction) / fraction


class Stages:
    """Combines the progress of several stages into that of all the work.

    Args:
        durations: Typical duration of each stage, in order and in any unit.
        callback: Called with the stage's name and the overall fraction.
    """

    def __init__(self, durations: Mapping[str, float], callback: ProgressCallback | None = None) -> None:
        self._durations = dict(durations)
        # Running sums, so that the last stage ends at exactly 1; sum() adds differently since Python 3.12.
        self._ends = dict(zip(durations, accumulate(durations.values()), strict=True))
        self._callback = callback or (lambda _stage, _fraction: None)
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Callable[..., None]]:
        """Run one stage.

        Yields a function to call with the fraction of the stage that is done, 0 to 1, and optionally the name of the
        part of it that is under way.
        """
        ends = list(self._ends.values())
        number = list(self._ends).index(name)
        start = ends[number - 1] if number else 0.0

        def update(fraction: float, part: str = name) -> None:
            done = min(max(fraction, 0.0), 1.0) * self._durations[name]
            self._callback(part, (start + done) / ends[-1])

        update(0.0)
        began = time.perf_counter()
        yield update
        self.seconds[name] = round(time.perf_counter() - began, 3)
        update(1.0)


def duration(seconds: float) -> str:
    """Return a length of time as text, such as ``"90 s"``, ``"5 min"`` or ``"2 h 05 min"``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
