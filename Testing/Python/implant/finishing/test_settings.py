"""Settings of finishing that make sense, and those that are refused."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.finishing import FinishSettings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clearance_mm": -1}, "clearance_mm must be a number from 0 to 5"),
        ({"clearance_mm": float("nan")}, "clearance_mm"),
        ({"edge_radius_mm": "1"}, "edge_radius_mm"),
        ({"minimum_thickness_mm": 4, "maximum_thickness_mm": 3}, "maximum thickness"),
        ({"perforation_diameter_mm": 12}, "pitch"),
        ({"perforation_diameter_mm": 11}, "minimum wall of 2 mm"),
        ({"perforation_diameter_mm": 3, "perforation_border_mm": 1.5}, "minimum wall of 2 mm"),
        ({"insertion": "sideways"}, "direction R,A,S"),
        ({"insertion": "0,0,0"}, "direction R,A,S"),
        ({"insertion": (1, 2)}, "direction R,A,S"),
        ({"rim_bevel_deg": -1}, "rim_bevel_deg must be a number from 0 to 45"),
        ({"rim_bevel_deg": 10, "insertion": "none"}, "needs an insertion direction"),
        ({"engraving": "line\nbreak"}, "engraving"),
        ({"clearence_mm": 1}, "no finishing setting clearence_mm"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        FinishSettings.from_dict(wrong)


def test_a_direction_may_be_text_or_numbers_of_any_length():
    assert FinishSettings(insertion="0, 0,-2").insertion == (0.0, 0.0, -1.0)
    assert FinishSettings.from_dict({"insertion": [0, 3, 4]}).insertion == (0.0, 0.6, 0.8)
