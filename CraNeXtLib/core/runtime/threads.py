"""How many threads the numerical libraries use, and how many cores this process may use.

Every library has a pool of threads of its own, as large as the computer, and most let idle threads spin: the bundled
model took 80 processor seconds on two busy cores with the libraries' own settings, 44 with those below, for the same
result, and a training step 8 to 17 seconds instead of 2. They read environment variables once, when they are imported,
so the variables have to be set before that.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

from CraNeXtLib.core.errors import InputError

SETTING = "CRANEXT_THREADS"
"""Environment variable with the number of threads; ``--threads`` sets it, and child processes inherit it."""

_COUNTS = (
    SETTING,
    "OMP_NUM_THREADS",  # PyTorch, scikit-learn
    "OPENBLAS_NUM_THREADS",  # NumPy and SciPy
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",  # NumPy and SciPy on macOS
    "VTK_SMP_MAX_THREADS",
)
_WAITING = {
    "OMP_WAIT_POLICY": "passive",
    "KMP_BLOCKTIME": "0",
    "OPENBLAS_THREAD_TIMEOUT": "4",  # idle threads sleep after 2⁴ cycles instead of 2²⁶
}
_MOST = 1024


def set_threads(count: int | None = None) -> None:
    """Set the environment variables of the libraries, before those are imported.

    Args:
        count: Number of threads of each library; by default :func:`thread_count`, and then a variable that the user
            has set is left alone.

    Raises:
        InputError: If the number cannot be used.
    """
    chosen = os.environ.get(SETTING) is not None or count is not None
    wanted = thread_variables(thread_count() if count is None else count)
    os.environ.update(wanted if chosen else {name: os.environ.get(name, value) for name, value in wanted.items()})


def thread_variables(count: int) -> dict[str, str]:
    """Return the environment variables with which a process uses a number of threads, and none of them spins.

    Raises:
        InputError: If the number cannot be used.
    """
    if not 1 <= count <= _MOST:
        raise InputError(f"The number of threads must lie between 1 and {_MOST}, not {count}; change --threads.")
    return {**dict.fromkeys(_COUNTS, str(count)), **_WAITING}


def thread_count() -> int:
    """Return how many threads this process uses: as set, as ``OMP_NUM_THREADS`` says, or one for each core.

    Raises:
        InputError: If the setting is not a number.
    """
    setting = os.environ.get(SETTING)
    if setting is not None:
        if not setting.isdecimal():
            raise InputError(f"The environment variable {SETTING} must be a number of threads, not {setting[:20]!r}.")
        return int(setting)
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # "4,2" also sets nested pools
    return int(first) if first.isdecimal() and int(first) else available_cores()


def share(workers: int) -> int:
    """Return how many threads each of several processes uses, so that all together use those of this one."""
    return max(thread_count() // workers, 1)


def available_cores(root: Path = Path("/")) -> int:
    """Return how many cores this process may keep busy: those that it may run on, or less if its cgroup has less time.

    Args:
        root: The folder with ``proc`` and ``sys``.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        cores = os.cpu_count() or 1
    return max(min([cores, *(math.ceil(limit) for limit in _cgroup_limits(root))]), 1)


def _cgroup_limits(root: Path) -> Iterator[float]:
    """Yield the cores' worth of time that the cgroups of this process grant, those above it included."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        top = root / "sys/fs/cgroup"
        if number != "0":  # version 1, which has a hierarchy for each controller
            if "cpu" not in controllers.split(","):
                continue
            top /= controllers if (top / controllers).is_dir() else "cpu"
        folder = top / path.lstrip("/")
        for group in (folder, *folder.parents):
            if number == "0":
                quota, period, *_ = [*_text(group / "cpu.max").split(), "", ""]
            else:
                quota, period = (_text(group / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
            if quota.isdecimal() and period.isdecimal() and int(period):  # otherwise "max", -1 or no such file
                yield int(quota) / int(period)
            if group == top:
                break


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
