"""The memory that this process has used, and what to say when it was not enough."""

from __future__ import annotations

import ctypes
import os
import sys

NO_MEMORY = "This computer is out of memory; close other programs, or choose a smaller --model if one is used."
NO_GPU_MEMORY = "The graphics card is out of memory; close programs that use it, or choose cpu for --device."

# Parameters of mallopt, from malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4


def keep_freed_memory() -> None:
    """Let this process use the memory that it frees again, instead of returning it to the system.

    The GNU C library returns large arrays at once, and the system clears every page that it hands out again: a sixth
    of a training step on the CPU. Other libraries have no such settings, and are left alone.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", lambda *_: None)
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, -1)


def peak_memory_mb() -> float | None:
    """Return the peak memory of this process in MB, or None on a system that does not record it."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


def memory_advice(error: BaseException) -> str:
    """Return a sentence on what to do if an error means that the memory was not enough, otherwise an empty string.

    NumPy raises MemoryError. PyTorch raises RuntimeError: "out of memory" on every kind of GPU, and "can't allocate
    memory" or "not enough memory" for the processor.
    """
    if isinstance(error, MemoryError):
        return NO_MEMORY
    if not isinstance(error, RuntimeError):
        return ""
    text = str(error).lower()
    if "out of memory" in text:
        return NO_GPU_MEMORY
    return NO_MEMORY if "can't allocate memory" in text or "not enough memory" in text else ""


def total_memory_bytes() -> int | None:
    """Return the size of this computer's memory in bytes, or None on a system that does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return None
