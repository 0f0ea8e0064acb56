"""The fit check on generated heads whose gaps, walls and insertion paths are known."""

import numpy as np
import pytest
from implant_plugs import HOLE, smaller
from phantoms import Head, head

from CraNeXtLib import check_fit
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.fit import FitLimits


@pytest.fixture(scope="module")
def phantom() -> Head:
    return head(spacing=(1.0, 1.0, 1.0), holes=((HOLE, 25.0),))


@pytest.mark.slow
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


@pytest.mark.slow
def test_overlap_has_a_depth_a_volume_and_a_position(phantom):
    moved = phantom.implant.voxels | np.roll(phantom.implant.voxels, 3, axis=1)
    fit = check_fit(phantom.implant.with_voxels(moved), phantom.defective)
    assert {"overlap", "insertion"} <= set(fit.failed)
    overlap = next(criterion for criterion in fit.criteria if criterion.name == "overlap")
    assert overlap.value == pytest.approx(3.0, abs=0.6)
    assert overlap.position_ras_mm[1] > 15  # the front edge
    both = (moved & phantom.defective.voxels).sum() / 1000
    assert fit.numbers["overlap_ml"] == pytest.approx(both, abs=1e-3)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_maps_lie_on_one_mesh_and_empty_masks_are_refused(phantom):
    implant = smaller(phantom, 24.0)
    fit = check_fit(implant, phantom.defective)
    assert len({id(each.mesh) for each in fit.maps}) == 1
    assert [each.name for each in fit.maps] == ["gap_mm", "thickness_mm", "symmetry_mm", "thickness_difference_mm"]
    assert all(len(each.values_mm) == len(fit.gap.mesh.vertices) for each in fit.maps)
    with pytest.raises(InputError, match="not empty"):
        check_fit(implant.with_voxels(np.zeros(implant.shape, bool)), phantom.defective)
