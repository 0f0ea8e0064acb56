"""Independent work in several threads. NumPy, SciPy, zlib and Pillow let other threads run while they compute."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from CraNeXtLib.core.runtime.threads import thread_count


def side_by_side(*tasks: Callable[[], Any]) -> list[Any]:
    """Run tasks in as many threads as this process uses, started in the given order, and return what each returns.

    Args:
        tasks: Functions that do not depend on each other; the longest should be first.

    Raises:
        Exception: That of the first task which failed; tasks that have not started then are left out.
    """
    count = min(thread_count(), len(tasks))
    if count < 2:
        return [task() for task in tasks]
    with ThreadPoolExecutor(count) as pool:
        running = [pool.submit(task) for task in tasks]
        try:
            return [task.result() for task in running]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
