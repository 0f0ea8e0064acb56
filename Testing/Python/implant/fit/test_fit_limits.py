"""The limits of the fit check follow the clearance of the part, and can be set."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.fit import FitLimits


def test_the_widest_gap_follows_the_clearance_unless_it_is_given():
    assert FitLimits().gap_mm == 1.5
    assert [FitLimits.for_clearance(clearance).gap_mm for clearance in (0, 0.5, 1.6)] == [1, 1.5, 2.6]
    assert FitLimits.for_clearance(1.6, {"gap_mm": 2, "wall_mm": 1}) == FitLimits(gap_mm=2, wall_mm=1)
    assert FitLimits.for_clearance(0.5, {"seat_deg": -10}).seat_deg == -10


@pytest.mark.parametrize(
    "given", [{"gap": 1}, {"gap_mm": -1}, {"wall_mm": float("nan")}, {"wall_mm": "2"}, {"seat_deg": -91}]
)
def test_other_limits_are_refused(given):
    with pytest.raises(InputError, match="fit limit"):
        FitLimits.for_clearance(0.5, given)
