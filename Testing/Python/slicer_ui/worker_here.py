"""A stand-in for a job in the worker, without a process."""

from CraNeXtLib.cli import worker


class JobHere:
    """A job that does its task at once, in this process."""

    log = ""

    def __init__(self, task, arguments, **_options):
        self._error = None
        try:
            self._result = worker._run(task, arguments, lambda *_event: None)
        except Exception as error:  # a job raises it at its end
            self._error = error

    def poll(self, _progress):
        return True

    def result(self):
        if self._error is not None:
            raise self._error
        return self._result
