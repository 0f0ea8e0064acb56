"""Progress only grows, ends at one, and a cancel raised by the callback gets through."""

import pytest

from CraNeXtLib.core.errors import CancelledError
from CraNeXtLib.core.progress import Stages


def test_fractions_grow_to_one_by_the_shares():
    told = []
    stages = Stages({"first": 1, "second": 3}, lambda stage, fraction: told.append((stage, fraction)))
    with stages.stage("first") as update:
        update(0.5)
    with stages.stage("second") as update:
        update(2.0)
    assert told == [
        ("first", 0.0),
        ("first", 0.125),
        ("first", 0.25),
        ("second", 0.25),
        ("second", 1.0),
        ("second", 1.0),
    ]
    assert set(stages.seconds) == {"first", "second"}


def test_a_part_of_a_stage_has_its_own_name():
    told = []
    stages = Stages({"whole": 1}, lambda stage, fraction: told.append((stage, fraction)))
    with stages.stage("whole") as update:
        update(0.5, "half")
    assert told == [("whole", 0.0), ("half", 0.5), ("whole", 1.0)]


def test_cancelling_inside_a_stage():
    def cancel(_stage, fraction):
        if fraction > 0.4:
            raise CancelledError("Cancelled.")

    stages = Stages({"only": 1}, cancel)
    with pytest.raises(CancelledError), stages.stage("only") as update:
        update(0.3)
        update(0.5)
    assert stages.seconds == {}
