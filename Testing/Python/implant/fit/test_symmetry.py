"""Implants compared with the mirrored contralateral side, on heads whose asymmetry is known."""

import numpy as np
import pytest
from implant_plugs import HOLE, smaller
from phantoms import OBLIQUE, Head, head

from CraNeXtLib import check_fit
from CraNeXtLib.geometry.volume import Volume


@pytest.mark.slow
@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE], ids=["upright", "oblique"])
def test_an_implant_protrudes_by_as_much_as_it_was_moved_out(directions):
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


def test_both_sides_missing_leaves_symmetry_open():
    other = tuple(np.array(HOLE) * (-1, 1, 1))
    phantom = head(spacing=(1.5, 1.5, 1.5), holes=((HOLE, 25.0), (other, 40.0)))
    points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    right = phantom.implant.voxels.copy()
    right[tuple(np.argwhere(right)[points[:, 0] < 0].T)] = False
    fit = check_fit(phantom.implant.with_voxels(right), phantom.defective)
    assert fit.numbers["symmetry_compared_percent"] < 5
    assert len(fit.insertions) == 1


# Not round about its long axis as the usual phantom is, whose plane of symmetry may roll about that axis.
FLAT_AXES_MM = (75.0, 95.0, 62.0)


def bulging_on_the_left(phantom: Head, height_mm: float) -> Volume:
    """The defective skull with its outer table raised by some mm opposite to the hole."""
    half = np.array(FLAT_AXES_MM)
    points = phantom.complete.to_ras(np.indices(phantom.complete.shape).reshape(3, -1).T)
    raised = (((points / (half + height_mm)) ** 2).sum(axis=1) <= 1) & (((points / half) ** 2).sum(axis=1) > 1)
    opposite = np.linalg.norm(points - np.array(HOLE) * (-1, 1, 1), axis=1) <= 32
    bulge = (raised & opposite).reshape(phantom.complete.shape)
    return phantom.defective.with_voxels(phantom.defective.voxels | bulge)


@pytest.mark.slow
@pytest.mark.parametrize("height_mm", [2.0, 4.0])
def test_an_implant_is_recessed_by_as_much_as_the_contralateral_side_bulges(height_mm):
    phantom = head(spacing=(1.0, 1.0, 1.0), holes=((HOLE, 25.0),), half_axes_mm=FLAT_AXES_MM)
    fit = check_fit(smaller(phantom, 24.0), bulging_on_the_left(phantom, height_mm))
    assert fit.numbers["symmetry_compared_percent"] > 90
    assert fit.numbers["symmetry_mm"]["median"] == pytest.approx(-height_mm, abs=0.5)
    assert fit.numbers["thickness_difference_mm"]["median"] == pytest.approx(-height_mm, abs=0.5)


@pytest.mark.slow
def test_symmetry_is_measured_on_the_outer_side_only():
    phantom = head(spacing=(1.5, 1.5, 1.5), holes=((HOLE, 25.0),))
    fit = check_fit(smaller(phantom, 24.0), phantom.defective)
    measured = np.isfinite(fit.symmetry.values_mm)
    radii = np.sqrt(((fit.symmetry.mesh.vertices / (75, 95, 75)) ** 2).sum(axis=1))
    assert radii[measured].min() > 1 - 3.0 / 75
