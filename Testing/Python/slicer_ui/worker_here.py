"""A stand-in for the worker without a process: it notes what it is asked for, and works at once in this process."""

import pytest

from CraNeXtLib.cli import worker as real_worker


class Worker:
    """The stand-in; the fixture ``worker`` puts it in the place of the real one.

    Attributes:
        asked: The task and the arguments of the last job.
        work: Does a job, given ``asked``; what it raises is the job's error. By default it raises "enough".
    """

    def __init__(self):
        self.asked = {}
        self.work = refuse

    def start(self, task, arguments, **_options):
        self.asked.clear()
        self.asked.update(arguments, task=task)
        return JobHere(lambda: self.work(self.asked))

    @staticmethod
    def do_task(asked):
        """Do what was asked for as the real worker does."""
        arguments = dict(asked)
        return real_worker._run(arguments.pop("task"), arguments, lambda *_event: None)


class JobHere:
    """A job that has done its work when it is started."""

    log = ""

    def __init__(self, work):
        self._error = None
        try:
            self._result = work()
        except Exception as error:  # a job raises it at its end
            self._error = error

    def poll(self, _progress):
        return True

    def cancel(self):
        pass

    def result(self):
        if self._error is not None:
            raise self._error
        return self._result


def refuse(_asked):
    raise ValueError("enough")


@pytest.fixture
def worker(monkeypatch):
    from CraNeXtLib.slicer_ui.runs import worker_run

    stand_in = Worker()
    monkeypatch.setattr(worker_run, "Job", stand_in.start)
    return stand_in
