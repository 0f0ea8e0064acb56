"""Descriptions from before criteria had bounds are understood, and their verdict stays what it was."""

import json

import pytest

from CraNeXtLib.cases.approval.finished_case import finished_description
from CraNeXtLib.cases.earlier_description import of_today
from CraNeXtLib.cases.report.wording import criteria_rows
from CraNeXtLib.cases.verdict import contradiction
from CraNeXtLib.core.errors import InputError


def earlier(name, value, threshold, passed, unit="mm"):
    return {
        "name": name, "value": value, "unit": unit, "threshold": threshold, "passed": passed, "place_ras_mm": None
    }  # fmt: skip


DESCRIPTION = {
    "finishing": {"settings": {}},
    "fit": {
        "criteria": [
            earlier("rim_within", 79.7, 95.0, False, "%"), earlier("overlap", 0.0, 0.3, True),
            earlier("watertight", 1.0, 1.0, True, "yes"),
        ]
    },
    "checklist": {
        "criteria": [
            earlier("minimal_thickness", 3.4, 3.0, False, "ratio"), earlier("restored_shape", None, 3.0, None),
        ]
    },
    "verdict": {"answer": "does not fit", "reasons": ["rim"], "sentence": "The part does NOT fit: rim (limit 95 %)."},
    "warnings": ["The part does NOT fit: rim (limit 95 %).", "The slices are 3 mm thick."],
}  # fmt: skip


def test_each_limit_goes_the_way_it_went(tmp_path):
    (tmp_path / "finish.json").write_text(json.dumps(DESCRIPTION))
    _, today = finished_description(tmp_path)
    assert [answer for _, answer in criteria_rows(today["fit"]) + criteria_rows(today["checklist"])] == [
        "NO: 79.7 % of the rim within tolerance (at least 95 %)",
        "yes: does not reach into bone (at most 0.3 mm)",
        "yes",
        "NO: 3.4 times as thick as the skull (at most 3 times)",
        "not measured, since there is no reference implant",
    ]
    assert today["verdict"]["answer"] == "does not fit"
    assert today["warnings"] == [today["verdict"]["sentence"], "The slices are 3 mm thick."]
    assert contradiction(today) is None
    assert of_today(today) == today


def test_an_edited_answer_of_an_earlier_version_is_still_noticed():
    thin = earlier("wall", 1.3, 2.0, True)
    assert "thinnest wall 1.3 mm" in contradiction(of_today(DESCRIPTION | {"fit": {"criteria": [thin]}}))


def test_a_part_from_before_the_verdict_is_refused_by_name(tmp_path):
    (tmp_path / "finish.json").write_text(json.dumps(DESCRIPTION | {"verdict": None}))
    with pytest.raises(InputError, match=r"finish\.json is of an earlier version.*make the part again"):
        finished_description(tmp_path)
