"""Settings as fields of the page: what the functions for a panel's parameters read from them."""

from dataclasses import asdict

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.finishing import FinishSettings
from CraNeXtLib.implant.mold.settings import MoldSettings

trame = pytest.importorskip("trame", reason="the extra app is not installed")


@pytest.fixture
def part():
    from CraNeXtLib.slicer_ui.browser_app.part_settings import PartSettings

    state = {}
    return state, PartSettings(state)


def test_untouched_fields_are_the_defaults_of_the_library(part):
    assert part[1].read() == {
        "finishing": asdict(FinishSettings()),
        "material": "PEEK",
        "fit_limits": {
            "overlap_mm": 0.3,
            "rim_percent": 95.0,
            "seat_deg": -5.0,
            "wall_mm": 2.0,
            "collision_mm": 0.3,
        },
    }


def test_what_is_typed_goes_to_its_setting(part):
    state, settings = part
    state |= {
        "finish_clearance": " 0,8 ",
        "finish_plates": "4",
        "finish_plateKind": "pocket",
        "finish_segmentCount": "2",
        "finish_segmentLap": "6",
        "finish_gapLimit": "1.2",
        "finish_seatLimit": "-10",
        "finish_engraving": None,
    }
    read = settings.read()
    assert read["finishing"]["clearance_mm"] == 0.8
    assert (read["finishing"]["fixation"]["plates"], read["finishing"]["fixation"]["plate_kind"]) == (4, "pocket")
    assert (read["finishing"]["segments"]["count"], read["finishing"]["segments"]["lap_mm"]) == (2, 6.0)
    assert read["finishing"]["engraving"] == ""
    assert (read["fit_limits"]["gap_mm"], read["fit_limits"]["seat_deg"]) == (1.2, -10)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("finish_clearance", "x", r"“Clearance \[mm\]” must be a number"),
        ("finish_plates", "2.5", "plates must be a whole number from 0 to 40, not 2.5"),
        ("finish_perforationDiameter", "30", "perforation_diameter_mm must be a number from 0 to 20"),
    ],
)
def test_what_no_step_can_take_is_refused(part, key, text, message):
    state, settings = part
    state[key] = text
    with pytest.raises(InputError, match=message):
        settings.read()


def test_the_molds_fields_are_the_defaults_of_the_library():
    from CraNeXtLib.slicer_ui.browser_app.page_parameters import PageParameters
    from CraNeXtLib.slicer_ui.runs.mold_settings import MOLD, mold_settings

    state = {}
    parameters = PageParameters(state, "mold")
    parameters.add_settings(MOLD, MoldSettings)
    parameters.add("springForm", "Spring form", False)
    assert mold_settings(parameters) == {"settings": asdict(MoldSettings()), "spring_form": False}
    state["mold_moldBuild"] = "220, 220, 250"
    assert mold_settings(parameters)["settings"]["build_mm"] == (220, 220, 250)
