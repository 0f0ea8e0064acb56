"""The memory that this process has used."""

from __future__ import annotations

import sys


def peak_memory_mb() -> float | None:
    """Return the peak memory of this process in MB, or None on a system that does not record it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
