"""The fit check on generated heads whose gaps, walls, ways in and sides are known."""

import numpy as np
import pytest
from phantoms import OBLIQUE, Head, head

from CraNeXtLib import check_fit
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit import FitLimits
from CraNeXtLib.implant.fit.symmetry import symmetry_plane

HOLE = (70.0, 0.0, 35.0)


@pytest.fixture(scope="module")
def phantom() -> Head:
    return head(spacing=(1.0, 1.0, 1.0), holes=((HOLE, 25.0),))


def smaller(phantom: Head, radius_mm: float, *, shift_mm: tuple[float, float, float] = (0, 0, 0)) -> Volume:
    """The plug of a hole of another radius, moved."""
    points = np.argwhere(phantom.complete.voxels)
    ras = phantom.complete.to_ras(points) - HOLE - shift_mm
    plug = np.zeros(phantom.complete.shape, bool)
    plug[tuple(points[np.linalg.norm(ras, axis=1) <= radius_mm].T)] = True
    return phantom.complete.with_voxels(plug & ~phantom.defective.voxels)


def test_a_gap_of_known_width_is_measured_and_judged(phantom):
    fit = check_fit(smaller(phantom, 23.0), phantom.defective)
    assert fit.numbers["rim_gap_mm"]["median"] == pytest.approx(2.0, abs=0.25)
    assert fit.numbers["rim_gap_mm"]["p05"] > 1.5
    assert "rim_within" in fit.failed
    assert not fit.as_dict()["fits"]
    lenient = check_fit(smaller(phantom, 23.0), phantom.defective, limits=FitLimits(gap_mm=3.0))
    assert lenient.failed == ()
    assert lenient.as_dict()["fits"]
    assert lenient.insertions[0].free
    assert lenient.insertions[0].cone_deg >= 2.5
    assert np.dot(lenient.insertions[0].outward_ras, HOLE) > 0


def test_overlap_is_deep_and_has_a_volume_and_a_place(phantom):
    moved = phantom.implant.voxels | np.roll(phantom.implant.voxels, 3, axis=1)
    fit = check_fit(phantom.implant.with_voxels(moved), phantom.defective)
    assert {"overlap", "insertion"} <= set(fit.failed)
    overlap = next(criterion for criterion in fit.criteria if criterion.name == "overlap")
    assert overlap.value == pytest.approx(3.0, abs=0.6)
    assert overlap.position_ras_mm[1] > 15  # the front edge
    both = (moved & phantom.defective.voxels).sum() / 1000
    assert fit.numbers["overlap_ml"] == pytest.approx(both, abs=1e-3)


def test_thickness_volume_and_weight_are_those_of_the_plate(phantom):
    implant = smaller(phantom, 24.0)
    fit = check_fit(implant, phantom.defective, material="titanium")
    assert fit.numbers["thickness_mm"]["median"] == pytest.approx(6.0, abs=0.4)
    assert fit.numbers["smallest_wall_mm"] == pytest.approx(6.0, abs=0.8)
    assert fit.numbers["volume_ml"] == pytest.approx(implant.voxels.sum() / 1000, rel=0.02)
    assert fit.numbers["weight_g"] == pytest.approx(4.4 * fit.numbers["volume_ml"], abs=0.06)
    assert fit.numbers["watertight"]
    with pytest.raises(InputError, match="material 'wood'"):
        check_fit(implant, phantom.defective, material="wood")


def test_a_thin_spot_fails_and_is_named(phantom):
    implant = smaller(phantom, 24.0)
    points = np.argwhere(implant.voxels)
    ras = implant.to_ras(points)
    shallow = np.sqrt(((ras / (75, 95, 75)) ** 2).sum(axis=1)) < 1 - 1.5 / 75
    aside = np.linalg.norm(np.cross(ras, HOLE), axis=1) / np.linalg.norm(HOLE)
    voxels = implant.voxels.copy()
    voxels[tuple(points[shallow & (aside < 5)].T)] = False
    fit = check_fit(implant.with_voxels(voxels), phantom.defective)
    wall = next(criterion for criterion in fit.criteria if criterion.name == "wall")
    assert wall.passed is False
    assert 0.8 < wall.value < 2.0
    assert np.linalg.norm(np.cross(wall.position_ras_mm, HOLE)) / np.linalg.norm(HOLE) < 7


@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE], ids=["upright", "oblique"])
def test_an_implant_that_stands_out_is_seen_against_the_mirrored_side(directions):
    phantom = head(spacing=(1.0, 1.0, 1.0), directions=directions, holes=((HOLE, 25.0),))
    implant = smaller(phantom, 24.0)
    fit = check_fit(implant, phantom.defective)
    assert fit.numbers["symmetry_mm"]["median"] == pytest.approx(0, abs=0.35)  # the plane is found to about 0.1 mm
    assert fit.numbers["symmetry_mm"]["p95"] < 0.8
    assert fit.numbers["thickness_difference_mm"]["median"] == pytest.approx(0, abs=0.3)
    assert fit.numbers["symmetry_compared_percent"] > 95
    outwards = np.linalg.solve(directions, HOLE) / np.linalg.norm(HOLE) * 4
    moved = np.rint(np.argwhere(implant.voxels) + outwards).astype(int)
    shifted = np.zeros(implant.shape, bool)
    shifted[tuple(moved.T)] = True
    fit = check_fit(implant.with_voxels(shifted | implant.voxels), phantom.defective)
    assert fit.numbers["symmetry_mm"]["median"] == pytest.approx(4.0, abs=0.7)
    assert fit.numbers["thickness_difference_mm"]["median"] == pytest.approx(4.0, abs=0.7)


def test_the_plane_of_symmetry_follows_a_tilted_head():
    phantom = head(spacing=(1.5, 1.5, 1.5), directions=np.eye(3), holes=((HOLE, 25.0),))
    angle = np.deg2rad(12)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (5, -3, 2)
    skull = Volume(phantom.defective.voxels, turn @ phantom.defective.affine)
    plane = symmetry_plane(skull, skull_frame(skull))
    assert np.degrees(np.arctan2(plane.normal[1], plane.normal[0])) == pytest.approx(12, abs=0.5)
    assert abs(plane.normal[2]) < 0.06  # the phantom is round about its long axis, so that its roll tells little
    assert plane.normal @ turn[:3, 3] == pytest.approx(plane.offset, abs=1.0)


def test_both_sides_missing_leaves_symmetry_open():
    other = tuple(np.array(HOLE) * (-1, 1, 1))
    phantom = head(spacing=(1.5, 1.5, 1.5), holes=((HOLE, 25.0), (other, 40.0)))
    points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    right = phantom.implant.voxels.copy()
    right[tuple(np.argwhere(right)[points[:, 0] < 0].T)] = False
    fit = check_fit(phantom.implant.with_voxels(right), phantom.defective)
    assert fit.numbers["symmetry_compared_percent"] < 5
    assert len(fit.insertions) == 1


def test_maps_lie_on_one_mesh_and_empty_masks_are_refused(phantom):
    implant = smaller(phantom, 24.0)
    fit = check_fit(implant, phantom.defective)
    assert len({id(each.mesh) for each in fit.maps}) == 1
    assert [each.name for each in fit.maps] == ["gap_mm", "thickness_mm", "symmetry_mm", "thickness_difference_mm"]
    assert all(len(each.values_mm) == len(fit.gap.mesh.vertices) for each in fit.maps)
    with pytest.raises(InputError, match="not empty"):
        check_fit(implant.with_voxels(np.zeros(implant.shape, bool)), phantom.defective)
