"""Each defect of a skull is reported where it lies, with its size, open before and closed after."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template, find_pose
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.defect_report import describe_defect, opening_warnings

TWO_HOLES = (((40.0, 20.0, 60.0), 25.0), ((-60.0, -40.0, 30.0), 15.0))


@pytest.fixture(scope="module")
def pose():
    """The template as if it lay on the phantom, middle on middle."""
    matrix = np.eye(4)
    pose = HeadPose(matrix, bundled_template(), PoseFit(0.0, 0.0, 0.0, (1.0, 1.0)))
    matrix[:3, 3] = -pose.template_center
    return HeadPose(matrix, pose.template, pose.fit)


@pytest.mark.parametrize("directions", [np.eye(3), np.diag([-1.0, -1, 1]), OBLIQUE])
def test_two_holes_are_two_defects(directions, pose):
    case = head(directions=directions, holes=TWO_HOLES)
    pieces = pieces_of(case.implant)
    assert len(pieces) == 2
    assert pieces[0].voxels.sum() + pieces[1].voxels.sum() == case.implant.voxels.sum()
    first, second = (describe_defect(piece, case.defective, case.complete, pose) for piece in pieces)
    assert [analyze_defect(piece, pose).side for piece in pieces] == ["right", "left"]
    assert np.allclose(first["centre_ras_mm"], (38, 19, 56), atol=6)
    for piece, defect, radius in ((pieces[0], first, 25.0), (pieces[1], second, 15.0)):
        # A ball of that radius about a point in the bone cuts out a disc, bent a little.
        assert defect["perimeter_mm"] == pytest.approx(2 * np.pi * radius, rel=0.12)
        assert analyze_defect(piece, pose).area_cm2 == pytest.approx(np.pi * radius**2 / 100, rel=0.15)
        assert defect["opening_cm2"]["before"] == pytest.approx(np.pi * radius**2 / 100, rel=0.2)
        assert defect["opening_cm2"]["after"] == 0


def test_what_an_implant_leaves_open_is_reported(pose):
    case = head()
    (piece,) = pieces_of(case.implant)
    half = case.implant.voxels & (np.indices(case.implant.shape)[1] > case.implant.shape[1] * 0.59)
    complete = case.defective.with_voxels(case.defective.voxels | half)
    whole = describe_defect(piece, case.defective, case.complete, pose)["opening_cm2"]
    left = describe_defect(piece, case.defective, complete, pose)["opening_cm2"]
    assert left["before"] == whole["before"]
    assert 0.2 * whole["before"] < left["after"] < 0.8 * whole["before"]


def test_what_a_bilateral_implant_leaves_open_on_both_sides_is_reported(pose):
    """The other side, which is open at the same place, does not make it an opening by nature."""
    case = head(holes=(((0.0, -65.0, 50.0), 40.0),))
    heights = case.implant.to_ras(np.argwhere(case.implant.voxels))[:, 2]
    upper = np.zeros(case.implant.shape, bool)
    upper[case.implant.voxels] = heights > np.quantile(heights, 0.25)
    (piece,), (kept,) = pieces_of(case.implant), pieces_of(case.implant.with_voxels(upper))
    complete = case.defective.with_voxels(case.defective.voxels | upper)
    whole = describe_defect(piece, case.defective, case.complete, pose)["opening_cm2"]
    left = describe_defect(kept, case.defective, complete, pose)["opening_cm2"]
    assert whole["after"] == 0
    assert left["before"] == pytest.approx(whole["before"], rel=0.05)
    assert left["after"] == pytest.approx(0.25 * whole["before"], rel=0.3)


@pytest.mark.parametrize(("after", "passed", "warned"), [(0.6, False, True), (0.4, False, False), (2.0, True, False)])
def test_what_is_left_open_is_warned_of_with_size_and_place(after, passed, warned):
    defects = [{"opening_cm2": {"before": 20.0, "after": share * after}} for share in (0.5, 0.5)]
    checklist = {"criteria": [{"passed": passed, "place_ras_mm": [31.2, -4.0, 58.6]}]}
    warnings = opening_warnings(defects, checklist)
    assert bool(warnings) == warned
    assert all(f"{after:.1f} cm² of the defect open, most at RAS 31, -4, 59 mm" in warning for warning in warnings)


ABOVE_AN_ORBIT = ((32.0, 72.0, 45.0), 20.0)
ORBITS = (((32.0, 90.0, 16.0), 17.0), ((-32.0, 90.0, 16.0), 17.0))
"""Openings on both sides of the face; the hole above the right one touches it at a few pixels."""


@pytest.mark.parametrize("covered", [1.0, 0.5])
def test_an_opening_that_the_skull_has_anyway_does_not_count(covered, pose):
    case, orbits = head(holes=(ABOVE_AN_ORBIT,)), head(holes=ORBITS).implant.voxels
    (piece,) = pieces_of(case.implant.with_voxels(case.implant.voxels & ~orbits))
    heights = case.implant.to_ras(np.argwhere(case.implant.voxels))[:, 2]
    implant = np.zeros(case.implant.shape, bool)
    implant[case.implant.voxels] = heights <= np.quantile(heights, covered)
    complete = case.defective.with_voxels(case.defective.voxels | implant)

    def openings(without: np.ndarray) -> dict[str, float]:
        skulls = (skull.with_voxels(skull.voxels & ~without) for skull in (case.defective, complete))
        return describe_defect(piece, *skulls, pose)["opening_cm2"]

    alone, beside = openings(np.zeros_like(orbits)), openings(orbits)
    assert 8 < alone["before"] < 9.5
    assert (alone["after"] == 0) == (covered == 1)
    assert beside == pytest.approx(alone, abs=0.3)  # the orbits have 2.3 cm²


@pytest.mark.slow
def test_the_bundled_skulls_defect():
    skull, implant = (read_volume(path) for path in (DEFECTIVE_SKULL, REFERENCE_IMPLANT))
    skull, implant = (volume.with_voxels(volume.voxels > 0) for volume in (skull, implant))
    complete = skull.with_voxels(skull.voxels | implant.voxels)
    (piece,) = pieces_of(implant)
    pose = find_pose(skull)
    defect, location = describe_defect(piece, skull, complete, pose), analyze_defect(piece, pose)
    assert (location.side, location.main_region) == ("left", "Middle Parietal")
    assert 60 < defect["opening_cm2"]["before"] < location.area_cm2
    assert defect["opening_cm2"]["after"] == 0
