"""Tests of independent work in several threads."""

import threading
from functools import partial

import pytest

from CraNeXtLib.core.runtime.side_by_side import side_by_side
from CraNeXtLib.core.runtime.threads import SETTING


def test_two_threads_work_at_the_same_time_and_results_keep_their_order(monkeypatch):
    monkeypatch.setenv(SETTING, "2")
    together = threading.Barrier(2, timeout=10)
    numbers = side_by_side(*(partial(lambda number: (together.wait(), number)[1], number) for number in range(4)))
    assert numbers == [0, 1, 2, 3]


def test_one_thread_is_the_callers_own(monkeypatch):
    monkeypatch.setenv(SETTING, "1")
    assert side_by_side(threading.current_thread, threading.current_thread) == [threading.current_thread()] * 2


@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_error_arrives_when_no_task_runs_any_more(monkeypatch, threads):
    monkeypatch.setenv(SETTING, threads)
    others, failed = threading.active_count(), threading.Event()

    def fail():
        failed.set()
        raise ValueError("first")

    def last_longer():
        failed.wait(10)
        threading.Event().wait(0.1)

    with pytest.raises(ValueError, match="first"):
        side_by_side(fail, last_longer)
    assert threading.active_count() == others


def test_after_an_error_the_next_task_does_not_start(monkeypatch):
    monkeypatch.setenv(SETTING, "1")
    started = []
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda: 1 / 0, partial(started.append, 1))
    assert not started
