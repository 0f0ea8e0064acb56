"""The errors that a user can do something about."""


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
