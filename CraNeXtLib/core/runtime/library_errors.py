"""What libraries raise for wrong input, turned into the error that names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.memory import memory_advice


@contextmanager
def as_input_error(message: Callable[[Exception], str], *kinds: type[Exception]) -> Iterator[None]:
    """Raise an InputError in place of a library's error, unless that means that the memory was not enough.

    Args:
        message: Returns what to tell the user, from the library's error.
        kinds: The errors that wrong input causes; all, if none is given.

    Raises:
        InputError: If the library raises one of them, or our own code an InputError.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if memory_advice(error) or not isinstance(error, kinds or Exception):
            raise
        raise InputError(message(error)) from error
