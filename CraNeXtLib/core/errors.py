"""The errors that a user can act on, with the exit status of a command that ends with one."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any


class CraNeXtError(Exception):
    """Base class of the library's own errors; the message is one sentence that ends with what to do."""

    exit_status = 1


class InputError(CraNeXtError, ValueError):
    """The input or a setting cannot be used; nothing has been written."""

    exit_status = 2


class NoImplantError(CraNeXtError):
    """Everything ran, but the skull has no defect for an implant to fill.

    Args:
        message: See :class:`CraNeXtError`.
        warnings: What was doubted on the way, one sentence each; it may explain why nothing seems to be missing.
    """

    exit_status = 3

    def __init__(self, message: str, *, warnings: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.warnings = tuple(warnings)


class CancelledError(CraNeXtError):
    """The user cancelled the work."""

    exit_status = 130


def exit_status_of(work: Callable[[], None]) -> int:
    """Do a command's work and return its exit status, printing one of the library's errors if it ends with one."""
    try:
        work()
    except CraNeXtError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def shown(value: object) -> str:
    """Return a value for a message; of a long one, only its beginning."""
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def check_names(settings: Mapping[str, Any], known: type, kind: str) -> None:
    """Refuse settings that a dataclass does not have.

    Args:
        settings: The settings by name.
        known: The dataclass.
        kind: What they are, for the message.

    Raises:
        InputError: If a name is unknown.
    """
    unknown = set(settings) - {field.name for field in fields(known)}
    if unknown:
        raise InputError(f"There is no {kind} {', '.join(sorted(unknown))}; check the spelling.")


def rename_settings(message: str, names: Mapping[str, str]) -> str:
    """Replace the names of settings in a message by those that its reader sees.

    The library names a setting as on the command line, such as ``--device``, or as in a training configuration, such
    as ``run.batch_size``; a panel has a control for it instead.

    Args:
        message: The message of an error.
        names: The reader's name for each setting, or for a phrase with one.
    """
    for setting in sorted(names, key=len, reverse=True):
        literal = names[setting].replace("\\", r"\\")
        message = re.sub(rf"{re.escape(setting)}(?![\w-])", literal, message)
    return message
