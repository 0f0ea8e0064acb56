import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.mold.settings import RANGES, MoldSettings


@pytest.mark.parametrize("name", RANGES)
def test_numbers_outside_their_range_are_refused_by_name(name):
    low, high = RANGES[name]
    for value in (low - 1, high + 1, float("nan"), "wide", True):
        with pytest.raises(InputError, match=f"mold setting {name} must be"):
            MoldSettings(**{name: value})
    assert getattr(MoldSettings(**{name: high}), name) == high


@pytest.mark.parametrize("opening", ["up", "1,2", (0, 0, 0), (float("nan"), 0, 1), None])
def test_an_opening_that_is_no_direction_is_refused(opening):
    with pytest.raises(InputError, match="opening must be auto or a direction"):
        MoldSettings(opening=opening)


def test_an_opening_becomes_a_unit_vector():
    assert MoldSettings(opening="0,-3,4").opening == pytest.approx((0, -0.6, 0.8))


def test_shrinkage_makes_the_cavity_larger_so_that_the_part_has_its_size():
    assert MoldSettings(shrinkage_percent=2).scale * 0.98 == pytest.approx(1)
    assert MoldSettings().scale == 1
