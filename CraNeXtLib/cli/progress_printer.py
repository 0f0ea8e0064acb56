"""Progress of a command on the terminal."""

from __future__ import annotations

import sys


class ProgressPrinter:
    """Shows progress on standard error: one updated line on a terminal, otherwise one line per stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._live = sys.stderr.isatty()

    def __call__(self, stage: str, fraction: float) -> None:
        """Show the stage and the overall fraction, 0 to 1."""
        if self._live:
            print(f"\r\033[K{fraction:4.0%}  {stage}", end="", file=sys.stderr, flush=True)
        elif stage != self._stage:
            print(f"{fraction:4.0%}  {stage}", file=sys.stderr, flush=True)
        self._stage = stage

    def end(self) -> None:
        """Clear the updated line, so that other output can follow."""
        if self._live and self._stage:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
