"""Progress only grows, ends at one, and a cancel raised by the callback gets through."""

import pytest

from CraNeXtLib.core.errors import CancelledError
from CraNeXtLib.core.progress import Stages, duration, seconds_left


def test_fractions_grow_to_one_in_proportion_to_the_durations():
    reports = []
    stages = Stages({"first": 1, "second": 3}, lambda stage, fraction: reports.append((stage, fraction)))
    with stages.stage("first") as update:
        update(0.5)
    with stages.stage("second") as update:
        update(2.0)
    assert reports == [
        ("first", 0.0),
        ("first", 0.125),
        ("first", 0.25),
        ("second", 0.25),
        ("second", 1.0),
        ("second", 1.0),
    ]
    assert set(stages.seconds) == {"first", "second"}


@pytest.mark.parametrize(
    "durations",
    [
        (0.1,) * 10,  # add up to 0.9999999999999999
        (0.7, 0.2, 0.1),
        (0.06, 0.09, 0.3, 0.05, 0.5),
        (1e-9, 3.3, 1e9),
    ],
)
def test_the_last_stage_ends_at_exactly_one_and_each_begins_where_the_one_before_ended(durations):
    reports = []
    names = [f"stage {number}" for number in range(len(durations))]
    stages = Stages(dict(zip(names, durations, strict=True)), lambda stage, fraction: reports.append((stage, fraction)))
    for name in names:
        with stages.stage(name):
            pass
    fractions = [fraction for _, fraction in reports]
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert fractions[1:-1:2] == fractions[2::2]
    assert fractions == sorted(fractions)


def test_a_part_of_a_stage_has_its_own_name():
    reports = []
    stages = Stages({"whole": 1}, lambda stage, fraction: reports.append((stage, fraction)))
    with stages.stage("whole") as update:
        update(0.5, "half")
    assert reports == [("whole", 0.0), ("half", 0.5), ("whole", 1.0)]


def test_cancelling_inside_a_stage():
    def cancel(_stage, fraction):
        if fraction > 0.4:
            raise CancelledError("Cancelled.")

    stages = Stages({"only": 1}, cancel)
    with pytest.raises(CancelledError), stages.stage("only") as update:
        update(0.3)
        update(0.5)
    assert stages.seconds == {}


def test_the_time_left_is_estimated_only_after_a_while():
    assert seconds_left(0.04, 100) is None
    assert seconds_left(0.5, 1.9) is None
    assert seconds_left(0.25, 10) == 30
    assert seconds_left(1.0, 10) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (100, "2 min"), (3540, "59 min"), (3600, "1 h 00 min"), (7530, "2 h 06 min")],
)
def test_a_duration_is_rounded_to_what_matters(seconds, text):
    assert duration(seconds) == text
