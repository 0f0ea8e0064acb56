"""One verdict: the part fits, does not, or was not judged, with every failed criterion, its value, limit and place."""

import pytest

from CraNeXtLib.cases.verdict import other_warnings, with_verdict


def criterion(name, value, threshold, passed, *, unit="mm", place=None):
    return {
        "name": name, "value": value, "unit": unit, "threshold": threshold, "passed": passed, "place_ras_mm": place
    }  # fmt: skip


RIM = criterion("rim_within", 99.0, 95.0, True, unit="%")
SHAPE = criterion("restored_shape", None, 3.0, None)


def described(*, fit=(RIM,), checklist=(SHAPE,), **others):
    """Return the description of a finished part with these criteria and one warning."""
    return {
        "finishing": {"settings": {}},
        "fit": {"criteria": [*fit]},
        "checklist": {"criteria": [*checklist]},
        "warnings": ["The slices are thick."],
        **others,
    }


def test_a_part_fits_if_no_criterion_failed_and_its_fit_was_measured():
    judged = with_verdict(described())
    assert (judged["verdict"]["answer"], judged["verdict"]["reasons"]) == ("fits", [])
    assert judged["warnings"] == ["The slices are thick."]


def test_every_failure_is_named_with_value_limit_and_place_before_the_other_warnings():
    rim = criterion("rim_within", 91.1, 95.0, False, unit="%", place=[-94.68, 191.79, 86.97])
    thin = criterion("minimal_thickness", 0.4, 0.5, False, unit="ratio", place=[1.0, 2.0, 3.0])
    judged = with_verdict(described(fit=[rim, criterion("watertight", 0.0, 1.0, False, unit="yes")], checklist=[thin]))
    assert judged["verdict"]["answer"] == "does not fit"
    assert judged["verdict"]["reasons"] == [
        "rim within tolerance of the bone 91.1 % (limit 95 %), worst at RAS -95, 192, 87 mm",
        "surface not closed",
        "thickness as a multiple of the skull's 0.4 (limit 0.5), worst at RAS 1, 2, 3 mm",
    ]
    sentence = f"The part does NOT fit: {'; '.join(judged['verdict']['reasons'])}."
    assert judged["verdict"]["sentence"] == sentence
    assert judged["warnings"] == [sentence, "The slices are thick."]
    assert other_warnings(judged) == ["The slices are thick."]
    again = with_verdict({**judged, "fit": {"criteria": [RIM]}, "checklist": None})
    assert (again["verdict"]["answer"], again["warnings"]) == ("fits", ["The slices are thick."])


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"preview": True, "finishing": None}, "this is a quick preview"),
        ({"finishing": None}, "there is no finished part"),
        (
            {"fit": [criterion("rim_within", None, 95.0, None, unit="%")]},
            "rim within tolerance of the bone not measured",
        ),
    ],
)
def test_what_cannot_be_judged_is_not_called_fitting(others, reason):
    judged = with_verdict(described(**others))
    assert (judged["verdict"]["answer"], judged["verdict"]["reasons"]) == ("not judged", [reason])
    assert judged["warnings"] == ["The slices are thick."]
