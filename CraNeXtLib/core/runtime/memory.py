"""How much memory this process has used."""

from __future__ import annotations

import sys


def peak_memory_mb() -> float | None:
    """Return the most memory that this process has held, in MB, or None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)
