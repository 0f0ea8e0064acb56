"""Names that cannot be those of files are refused by name."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.names import check_name


@pytest.mark.parametrize("name", ["a", "Case 7", "Müller-1_b", "骨", "a.b", "-x", "ä" * 100])
def test_names_that_a_file_can_bear(name):
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", ".a", "a/b", "a\\b", "a\nb", "a\rb", "a\0b", "a\tb", "\ud800", "a\u2028b"]
)
def test_names_that_no_file_can_bear(name):
    with pytest.raises(InputError, match="cannot be a file name; use letters, digits"):
        check_name(name)


@pytest.mark.parametrize("name", ["a" * 201, "ä" * 101, "a" * 100000])
def test_a_long_name_is_refused_in_a_short_sentence(name):
    with pytest.raises(InputError, match="is too long; use at most 200") as refused:
        check_name(name)
    assert len(str(refused.value)) < 120
