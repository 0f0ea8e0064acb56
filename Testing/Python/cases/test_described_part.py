"""What is said about the files and the segments of a part."""

import hashlib
from unittest.mock import Mock

from CraNeXtLib.cases.checked_part import CheckedPart
from CraNeXtLib.cases.described_part import described_part
from CraNeXtLib.cases.report.segment_rows import segment_rows
from CraNeXtLib.implant.fit.segment_check import SegmentFit

UP = (0.0, 0.0, 1.0)
FIRST = SegmentFit(1, UP, 12.34, True, 0.0, None, None)
SECOND = SegmentFit(2, (-0.6, 0.0, 0.8), 11.0, True, 0.4, (1.0, 2.0, 3.0), 0.25)


def test_each_segment_is_listed_with_the_hash_of_its_file(tmp_path):
    for number in (1, 2):
        (tmp_path / f"finished_implant_segment_{number}.stl").write_bytes(b"solid %d" % number)
    described = described_part(CheckedPart(None, Mock(), (), (FIRST, SECOND)), tmp_path)
    assert list(described["part"]) == ["finished_implant_segment_1.stl", "finished_implant_segment_2.stl"]
    one, other = described["segments"]
    assert one["file"] == "finished_implant_segment_1.stl"
    assert one["sha256"] == hashlib.sha256(b"solid 1").hexdigest()
    assert (other["number"], other["collision_mm"], other["joint_gap_mm"]) == (2, 0.4, 0.25)
    (_, free), (name, meeting) = segment_rows(described)
    assert free == "12.3 mL; way in free, outward S 1.0; finished_implant_segment_1.stl, watertight"
    assert name == "Segment 2"
    assert "way in meets bone or a segment, 0.4 mm deep, outward L 0.6, S 0.8; at least 0.2 mm from" in meeting


def test_a_part_in_one_has_none(tmp_path):
    assert described_part(CheckedPart(None, Mock(), ()), tmp_path) == {}
    assert segment_rows({}) == []
