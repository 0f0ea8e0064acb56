"""The errors that a user can do something about."""

import re
import sys
from collections.abc import Callable, Mapping


class CraNeXtError(Exception):
    """Base of the library's own errors; the message is one sentence that says what to do."""

    exit_status = 1


class InputError(CraNeXtError, ValueError):
    """The input or a setting cannot be used. Nothing was written."""

    exit_status = 2


class NoImplantError(CraNeXtError):
    """Everything ran, but the skull has no defect that an implant could fill."""

    exit_status = 3


class CancelledError(CraNeXtError):
    """The user cancelled the work."""

    exit_status = 130


def exit_status_of(work: Callable[[], None]) -> int:
    """Do a command's work and return its exit status; one of the library's errors is told on the terminal."""
    try:
        work()
    except CraNeXtError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def named(message: str, names: Mapping[str, str]) -> str:
    """Return a message in which settings are called as its reader knows them.

    The library names a setting as the command line does, such as ``--device``, or as a configuration of training does,
    such as ``run.batch_size``; a panel has a control for it instead.

    Args:
        message: Of an error.
        names: What is said instead, by the setting or by a phrase with it.
    """
    for setting in sorted(names, key=len, reverse=True):
        message = re.sub(rf"{re.escape(setting)}(?![\w-])", lambda _found, to=names[setting]: to, message)
    return message
