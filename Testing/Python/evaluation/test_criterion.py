"""A criterion's bound decides whether it is met, which limit the value is compared with, and how both are worded."""

import pytest

from CraNeXtLib.cases.criterion_wording import limits
from CraNeXtLib.evaluation.criterion import Bound, Criterion


@pytest.mark.parametrize(
    ("bound", "value", "passed", "threshold", "words"),
    [
        (Bound(at_least=2.0), 2.0, True, 2.0, "at least 2 mm"),
        (Bound(at_least=2.0), 1.99, False, 2.0, "at least 2 mm"),
        (Bound(at_most=1.2), 1.2, True, 1.2, "at most 1.2 mm"),
        (Bound(at_most=1.2), 1.21, False, 1.2, "at most 1.2 mm"),
        (Bound(at_least=1.5, at_most=3.0), 1.4, False, 1.5, "1.5 to 3 mm"),
        (Bound(at_least=1.5, at_most=3.0), 2.0, True, 1.5, "1.5 to 3 mm"),
        (Bound(at_least=1.5, at_most=3.0), 3.1, False, 3.0, "1.5 to 3 mm"),
        (Bound(at_most=1.2), None, None, 1.2, "at most 1.2 mm"),
    ],
)
def test_a_bound_is_met_up_to_its_limits(bound, value, passed, threshold, words):
    criterion = Criterion("wall", value, "mm", bound)
    assert (criterion.passed, criterion.threshold, limits(criterion.as_dict())) == (passed, threshold, words)
    assert Bound.of(criterion.as_dict()) == bound
