"""Soft tissue of known thickness on a round head, thinner on the side of the part."""

import numpy as np
import pytest

from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.soft_tissue import outside_air, soft_tissue
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

BONE_MM, THIN_MM, THICK_MM = 30.0, 4.0, 9.0
STEP = 1.5


def round_head(directions: np.ndarray) -> Volume:
    """A ball of bone in soft tissue: 4 mm on the right, 9 mm on the left, with an air-filled sinus and a nostril."""
    size = 70
    affine = np.eye(4)
    affine[:3, :3] = directions * STEP
    affine[:3, 3] = (5.0, -3.0, 2.0) - affine[:3, :3] @ np.full(3, (size - 1) / 2)
    r, a, s = np.moveaxis(Volume(np.zeros((size,) * 3, bool), affine).to_ras(np.argwhere(np.ones((size,) * 3))), -1, 0)
    radius = np.sqrt((r - 5) ** 2 + (a + 3) ** 2 + (s - 2) ** 2)
    skin = BONE_MM + np.where(r > 5, THIN_MM, THICK_MM)
    hu = np.where(radius < skin, 40, -1000)
    hu[radius < BONE_MM] = 1000
    hu[radius < 8] = -1000
    hu[(np.abs(r - 5) < 1) & (np.abs(s - 2) < 1) & (a > -3)] = -1000
    return Volume(hu.reshape((size,) * 3).astype(np.int16), affine)


def outer_patch() -> Mesh:
    """The right third of the bone's surface."""
    around = np.mgrid[-32:33, -32:33, -32:33]
    ball = surface_of(Volume((around**2).sum(axis=0) < BONE_MM**2, np.eye(4)))
    unit = (ball.vertices - 32) / np.linalg.norm(ball.vertices - 32, axis=1)[:, None]
    faces = ball.faces[(unit[ball.faces][..., 0] > 2 / 3).all(axis=1)]
    return Mesh(BONE_MM * unit + (5, -3, 2), faces)


@pytest.mark.parametrize("directions", [np.eye(3), np.diag([-1.0, -1.0, 1.0])])
def test_both_sides_and_their_difference_are_measured(directions):
    ct, mesh = round_head(directions), outer_patch()
    outside = np.full(len(mesh.vertices), np.nan)
    outside[np.unique(mesh.faces)] = 1.0  # the bone on the other side is taken to lie 1 mm deeper
    tissue = soft_tissue(DistanceMap(mesh, outside, "symmetry_mm"), ct, SymmetryPlane(np.array([1.0, 0, 0]), 5.0))
    measured = tissue.as_dict()
    assert measured["over_part_mm"]["median"] == pytest.approx(THIN_MM, abs=0.4)
    assert measured["other_side_mm"]["median"] == pytest.approx(THICK_MM + 1, abs=0.4)
    assert measured["thinner_mm"]["median"] == pytest.approx(THICK_MM + 1 - THIN_MM, abs=0.5)
    area_cm2 = 2 * np.pi * BONE_MM * (BONE_MM - 20) / 100  # of a cap
    assert measured["compared_cm2"] == pytest.approx(area_cm2, rel=0.1)
    assert measured["missing_ml"] == pytest.approx(0.6 * measured["compared_cm2"], rel=0.1)  # 6 mm thick
    assert measured["skin_below_part_percent"] == 0


def test_air_in_the_head_is_not_outside():
    air = outside_air(round_head(np.eye(3)))
    middle = np.rint(air.to_indices(np.array([[5.0, -3, 2]]))[0]).astype(int)
    assert not air.voxels[tuple(middle)]
    assert air.voxels[0, 0, 0]


def test_without_a_counterpart_nothing_is_said():
    mesh = outer_patch()
    nothing = DistanceMap(mesh, np.full(len(mesh.vertices), np.nan), "symmetry_mm")
    assert soft_tissue(nothing, round_head(np.eye(3)), SymmetryPlane(np.array([1.0, 0, 0]), 5.0)).as_dict() is None
