"""One verdict: the part fits, does not, or was not judged, with every failed criterion, its value, limit and place."""

import pytest

from CraNeXtLib.cases.verdict import contradiction, other_warnings, with_verdict
from CraNeXtLib.evaluation.criterion import Bound, Criterion


def criterion(name, value, *, unit="mm", place=None, **bound):
    return Criterion(name, value, unit, Bound(**bound), place).as_dict()


def rim(value, place=None):
    return criterion("rim_within", value, unit="%", at_least=95.0, place=place)


RIM = rim(99.0)
SHAPE = criterion("restored_shape", None, at_most=3.0)


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
    far, leaky = rim(91.1, (-94.68, 191.79, 86.97)), criterion("watertight", 0.0, unit="yes", at_least=1.0)
    thin = criterion("minimal_thickness", 0.4, unit="ratio", at_least=0.5, at_most=3.0, place=(1.0, 2.0, 3.0))
    judged = with_verdict(described(fit=[far, leaky], checklist=[thin]))
    assert judged["verdict"]["answer"] == "does not fit"
    assert judged["verdict"]["reasons"] == [
        "91.1 % of the rim within tolerance (at least 95 %), worst at RAS -95, 192, 87 mm",
        "surface not closed",
        "0.4 times as thick as the skull (0.5 to 3 times), worst at RAS 1, 2, 3 mm",
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
        ({"fit": [rim(None)]}, "'Does the rim follow the bone within tolerance?' was not measured"),
    ],
)
def test_what_cannot_be_judged_is_not_called_fitting(others, reason):
    judged = with_verdict(described(**others))
    assert (judged["verdict"]["answer"], judged["verdict"]["reasons"]) == ("not judged", [reason])
    assert judged["warnings"] == ["The slices are thick."]


@pytest.mark.parametrize(("value", "passed"), [(0.4, True), (3.2, True), (1.0, False)])
def test_an_edited_answer_contradicts_a_bound_on_either_side(value, passed):
    thickness = criterion("minimal_thickness", value, unit="ratio", at_least=0.5, at_most=3.0)
    judged = with_verdict(described(checklist=[thickness | {"passed": passed}]))
    assert contradiction(judged) == (
        f"the answer to 'Is it thick enough and not too thick?', {value:g} times as thick as the skull (0.5 to 3 times)"
    )
    assert contradiction(with_verdict(described(checklist=[thickness]))) is None
