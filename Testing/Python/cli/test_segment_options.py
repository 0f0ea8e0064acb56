"""The options of segments, and what they become."""

import argparse

import pytest

from CraNeXtLib.cli.segment_options import add_segmentation, segments_of
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.finishing import SegmentSettings


def given(*words):
    parser = argparse.ArgumentParser()
    add_segmentation(parser)
    return segments_of(parser.parse_args(words))


def test_options_become_settings():
    assert given() is None
    assert given("--segments", "2") == SegmentSettings()
    sizes = ("--lap-mm", "12", "--joint-gap-mm", "0.5")
    assert given("--segments", "3", *sizes) == SegmentSettings(count=3, lap_mm=12, joint_gap_mm=0.5)
    assert given("--segments", "2", "--joint", "gap") == SegmentSettings(joint="gap")


@pytest.mark.parametrize("words", [("--joint", "lap"), ("--lap-mm", "8"), ("--joint-gap-mm", "0")])
def test_joints_of_nothing_are_refused(words):
    with pytest.raises(InputError, match="add --segments 2 or more"):
        given(*words)


@pytest.mark.parametrize("count", ["0", "-2", "7"])
def test_a_number_that_is_none_is_refused(count):
    with pytest.raises(InputError, match=rf"whole number from 2 to 6, not {count}"):
        given(f"--segments={count}")
