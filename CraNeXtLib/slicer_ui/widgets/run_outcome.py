"""What a user is told about a run: how long it still takes, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from CraNeXtLib.core.errors import CancelledError, CraNeXtError, NoImplantError
from CraNeXtLib.core.progress import seconds_left
from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.control_names import with_control_names


class Outcome(NamedTuple):
    """A message about the end of a run.

    Attributes:
        kind: ``"information"``, ``"warning"`` or ``"error"``.
        text: What to tell the user.
        is_bug: Whether a report needs the details, because no input explains the error.
    """

    kind: str
    text: str
    is_bug: bool = False


def outcome_of(error: Exception, controls: Mapping[str, str] | None = None) -> Outcome:
    """Return what to tell about the error that ended a run.

    Args:
        error: The error.
        controls: Names of controls that differ from those of other panels, by option or key.
    """
    if isinstance(error, CancelledError):
        return Outcome("information", _("Canceled. The scene is unchanged."))
    if isinstance(error, NoImplantError):
        text = with_control_names("\n".join((str(error), *error.warnings)), controls)
        return Outcome("warning" if error.warnings else "information", text)
    if isinstance(error, CraNeXtError):
        return Outcome("error", with_control_names(str(error), controls))
    if isinstance(error, OSError):
        text = _("Cannot read or write a file: {reason}. Free some disk space and try again.")
        return Outcome("error", text.format(reason=error.strerror or error), is_bug=True)
    return Outcome("error", with_control_names(str(error), controls) or type(error).__name__, is_bug=True)


def still_working(work: str) -> str:
    """Return why nothing else can start, from a phrase such as ``"making an implant"``."""
    return _("CraNeXt is still {work}. Wait until it has finished, or cancel it first.").format(work=work)


def stage_text(stage: str, fraction: float, elapsed: float) -> str:
    """Return the stage of a run for display, with the time that is left where it can be told."""
    left = seconds_left(fraction, elapsed)
    return stage if left is None else f"{stage} · {_('about {time} left').format(time=duration(left))}"


def duration(seconds: float) -> str:
    """Return a duration for display, in units of sensible precision."""
    if seconds < 10:
        return _("{seconds} s").format(seconds=max(round(seconds), 1))
    if seconds < 90:
        return _("{seconds} s").format(seconds=5 * round(seconds / 5))
    if seconds < 90 * 60:
        return _("{minutes} min").format(minutes=round(seconds / 60))
    return _("{hours} h {minutes} min").format(hours=int(seconds // 3600), minutes=int(seconds % 3600 // 60))
