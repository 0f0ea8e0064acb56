"""Numbers that were typed, and the titles of their fields."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.browser_app.typed_settings import number_of, title_of


@pytest.mark.parametrize(("text", "number"), [("0.5", 0.5), (" 1,25 ", 1.25), (2, 2.0)])
def test_a_number_may_have_a_comma(text, number):
    assert number_of(text, "Clearance [mm]") == number


@pytest.mark.parametrize("text", ["x", "", "1.2.3", None])
def test_what_is_no_number_is_refused_by_the_title_of_its_field(text):
    with pytest.raises(InputError, match=r"“Clearance \[mm\]” must be a number"):
        number_of(text, title_of("clearance_mm"))


def test_titles_have_units():
    names = ("edge_radius_mm", "rim_bevel_deg", "shrinkage_percent")
    assert [title_of(name) for name in names] == ["Edge radius [mm]", "Rim bevel [°]", "Shrinkage [%]"]
