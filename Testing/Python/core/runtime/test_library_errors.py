"""A library's error becomes ours; ours and a lack of memory stay as they are."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.runtime.library_errors import as_input_error


@pytest.mark.parametrize(
    ("raised", "kinds", "expected", "text"),
    [
        (ValueError("odd"), (), InputError, "not read: odd"),
        (ValueError("odd"), (ValueError,), InputError, "not read: odd"),
        (ValueError("odd"), (RuntimeError, OSError), ValueError, "odd"),
        (InputError("It is bad."), (), InputError, "It is bad."),
        (MemoryError(), (), MemoryError, ""),
        (RuntimeError("CUDA out of memory"), (RuntimeError,), RuntimeError, "CUDA out of memory"),
    ],
)
def test_what_becomes_of_an_error(raised, kinds, expected, text):
    with pytest.raises(expected) as caught, as_input_error(lambda error: f"not read: {error}", *kinds):
        raise raised
    assert (type(caught.value), str(caught.value)) == (expected, text)
