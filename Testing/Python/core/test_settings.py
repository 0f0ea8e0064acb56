"""Settings take numbers of Python and of NumPy alike, in their ranges, and nested JSON objects."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from CraNeXtLib.cases.added_meshes import AddedMeshes
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.finishing import FinishSettings, FixationSettings
from CraNeXtLib.implant.finishing.segment_settings import SegmentSettings
from CraNeXtLib.implant.fit.fit_limits import FitLimits
from CraNeXtLib.implant.mold.settings import MoldSettings

KINDS = (FinishSettings, FixationSettings, SegmentSettings, MoldSettings)
NUMBERS = [(kind, name) for kind in KINDS for name in kind.ranges]


def test_a_number_of_numpy_is_kept_as_one_of_python():
    for kind, name in NUMBERS:
        default = getattr(kind(), name)
        whole = isinstance(default, int)
        given = kind(**{name: (np.int64 if whole else np.float64)(default)})
        assert given == kind()
        assert type(getattr(given, name)) is (int if whole else float)
        json.dumps(asdict(given))


@pytest.mark.parametrize("wrong", ["1", None, True, np.True_, float("nan"), float("inf"), 1e9, [1], np.zeros(2)])
def test_what_is_no_number_of_the_range_is_refused_by_name(wrong):
    for kind, name in NUMBERS:
        low, high = kind.ranges[name]
        with pytest.raises(InputError, match=rf"{kind.kind} {name} must be a (whole )?number from {low:g} to {high:g}"):
            kind(**{name: wrong})


def test_whole_numbers_are_whole_and_may_be_written_with_a_point():
    assert MoldSettings(keys=np.float32(4)) == MoldSettings(keys=4)
    with pytest.raises(InputError, match=r"keys must be a whole number from 2 to 8, not 4\.5"):
        MoldSettings(keys=4.5)


def test_limits_and_models_take_numbers_of_numpy_and_nothing_else():
    assert FitLimits.for_clearance(0.5, {"wall_mm": np.int64(1)}).wall_mm == 1
    AddedMeshes(np.int64(20), bone_base_mm=np.float32(2), skull_model_mm=np.float64(0.1), onlay_mm=(np.float32(0.5), 4))
    for wrong in ({"bone_model_mm": "20"}, {"bone_model_mm": 20, "bone_base_mm": [2]}, {"skull_model_mm": True}):
        with pytest.raises(InputError, match="must be a number from"):
            AddedMeshes(**wrong)
    for value in (True, "1", float("inf"), -1):
        with pytest.raises(InputError, match="fit limit wall_mm must be a number from 0 up"):
            FitLimits.for_clearance(0.5, {"wall_mm": value})


def test_nested_settings_must_be_objects():
    with pytest.raises(InputError, match="finishing setting fixation must be an object with names, not 5"):
        FinishSettings.from_dict({"fixation": 5})
    with pytest.raises(InputError, match="no segment setting cuont"):
        FinishSettings.from_dict({"segments": {"cuont": 2}})
