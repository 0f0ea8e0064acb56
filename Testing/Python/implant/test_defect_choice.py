"""Thin bone that is missing alike on both sides, and what was not scanned, are listed and not made unless chosen."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.defect_choice import choice_warnings, find_defects, parse_defects, with_pieces

SHAPE = (80, 60, 50)  # voxels of 2 mm about the middle of the head
LARGE = np.s_[20:60, 15:45, 46:49]  # in the roof, 216 cm³ of it
RIGHT, LEFT = np.s_[74:76, 20:30, 15:25], np.s_[4:6, 20:30, 15:25]


@pytest.fixture(scope="module")
def pose():
    """The template as if its mid-sagittal plane lay at R = 0, and its middle at the origin."""
    template = bundled_template()
    fit = PoseFit(0.0, 0.0, 0.0, (1.0, 1.0))
    motion = np.eye(4)
    motion[1:3, 3] = -HeadPose(np.eye(4), template, fit).template_center[1:]
    return HeadPose(motion, template, fit)


def _head(*holes, wall: int = 2, mirrored: bool = False) -> tuple[Volume, Volume]:
    """Two side walls and a roof of 6 mm with holes: the implant that fills all of them, and the defective skull."""
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -(np.array(SHAPE) - 1)
    bone = np.zeros(SHAPE, bool)
    bone[6 - wall : 6], bone[74 : 74 + wall], bone[4:76, :, 46:49] = True, True, True
    missing = np.zeros(SHAPE, bool)
    for hole in holes:
        missing[hole] = True
    implant = Volume(bone & missing, affine)
    skull = Volume(bone & ~missing, affine)
    if mirrored:  # the same head in an array whose first axis points left
        flip = np.diag([-1.0, 1, 1, 1])
        flip[0, 3] = SHAPE[0] - 1
        implant, skull = (Volume(v.voxels[::-1], v.affine @ flip) for v in (implant, skull))
    return implant, skull


@pytest.mark.parametrize("mirrored", [False, True])
def test_thin_bone_missing_on_both_sides_is_not_made(pose, mirrored):
    implant, skull = _head(LARGE, RIGHT, LEFT, mirrored=mirrored)
    pieces, found = find_defects(implant, skull, pose)
    assert [defect.made for defect in found] == [True, False, False]
    locations = [defect.location for defect in found[1:]]
    assert {(location.side, location.volume_ml) for location in locations} == {
        ("left", 1.6),
        ("right", 1.6),
    }
    assert {defect.centre_ras_mm[0] for defect in found[1:]} == {70.0, -70.0}
    (warning,) = choice_warnings(found)
    assert "Not made, because thin bone is missing on the other side, too: defect 2 (" in warning
    assert "; defect 3 (" in warning
    assert "choose --defects 1,2,3 to make all" in warning
    kept = with_pieces(implant, pieces[:1])
    assert np.array_equal(kept.to_ras(np.argwhere(kept.voxels)).min(axis=0), [-39, -29, -49 + 92])
    assert kept.voxels.sum() == 40 * 30 * 3
    assert np.array_equal(with_pieces(implant, pieces).voxels, implant.voxels)


@pytest.mark.parametrize(
    ("holes", "wall"), [((LARGE, RIGHT), 2), ((LARGE, np.s_[72:80, 20:30, 15:25], np.s_[:8, 20:30, 15:25]), 5)]
)
def test_a_hole_on_one_side_and_holes_in_thick_bone_are_made(pose, holes, wall):
    implant, skull = _head(*holes, wall=wall)
    _pieces, found = find_defects(implant, skull, pose)
    assert len(found) == len(holes)
    assert all(defect.made and not defect.doubt for defect in found)
    assert not choice_warnings(found)


def test_a_hole_opposite_the_largest_defect_is_made(pose):
    implant, skull = _head(np.s_[4:6, 5:55, 5:40], RIGHT)
    _pieces, found = find_defects(implant, skull, pose)
    assert [(defect.made, defect.doubt) for defect in found] == [(True, None)] * 2


def test_the_choice_decides(pose):
    implant, skull = _head(LARGE, RIGHT, LEFT)
    _pieces, found = find_defects(implant, skull, pose, "all")
    assert all(defect.made for defect in found)
    assert choice_warnings(found)[0].startswith("Made as chosen, although thin bone")
    _pieces, found = find_defects(implant, skull, pose, (2,))
    assert [defect.made for defect in found] == [False, True, False]
    assert any(sentence.startswith("Not made: defect 1 (") for sentence in choice_warnings(found))
    with pytest.raises(InputError, match="--defects 4 cannot be made: this skull has 3 defects; choose among 1 to 3"):
        find_defects(implant, skull, pose, (1, 4))


def test_what_lies_beyond_the_scan_is_not_made(pose):
    implant, skull = _head(LARGE, np.s_[70:80, :, :12])  # the right wall ends higher than the scan
    left = np.zeros(SHAPE, bool)
    left[4:30, :, 12:16] = True  # bone that the end of the scan cuts off, 31 cm²
    cut = skull.voxels | left
    cut[:, :, :12] = False
    _pieces, found = find_defects(implant, skull.with_voxels(cut), pose)
    assert [defect.made for defect in found] == [True, False]
    assert found[1].doubt == "most of it lies beyond the edge of the scan"


@pytest.mark.parametrize("text", ["", "0", "-1", "1;2", "1,", "x", "1.5"])
def test_a_choice_that_names_no_defect_is_refused(text):
    with pytest.raises(InputError, match="--defects"):
        parse_defects(text)


def test_all_defects():
    assert parse_defects("All") == "all"
    assert parse_defects("2,1,2") == (1, 2)
