"""The names of parameters follow from those of the library's settings."""

from dataclasses import dataclass
from types import SimpleNamespace

from CraNeXtLib.slicer_ui.runs.setting_parameters import SettingParameters


@dataclass
class Settings:
    wall_mm: float = 1.0
    rim_bevel_deg: float = 2.0
    shrinkage_percent: float = 3.0
    keys: int = 4
    left_out: str = ""


def test_names_lose_their_units_and_take_words():
    plain = SettingParameters(Settings, without=("left_out",))
    assert [*plain.names.items()] == [
        ("wall_mm", "wall"),
        ("rim_bevel_deg", "rimBevel"),
        ("shrinkage_percent", "shrinkage"),
        ("keys", "keys"),
    ]
    assert SettingParameters(Settings, before="mold").names["rim_bevel_deg"] == "moldRimBevel"
    assert SettingParameters(Settings, after="limit").names["wall_mm"] == "wallLimit"


def test_values_are_read_by_the_librarys_names():
    found = SettingParameters(Settings, without=("left_out", "keys", "shrinkage_percent")).read(
        SimpleNamespace(wall=5.0, rimBevel=6.0, keys=7)
    )
    assert found == {"wall_mm": 5.0, "rim_bevel_deg": 6.0}
