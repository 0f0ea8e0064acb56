"""Closed surfaces become the voxels whose centers lie inside, on any grid and whichever way the faces are turned."""

import numpy as np
import pytest
import trimesh

from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.mesh_voxels import voxels_inside
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume

OBLIQUE = np.array([[0.4, 0, 0, -9], [0, -0.48, 0.48, 12.5], [0, 0.36, 0.64, 33.3], [0, 0, 0, 1]])
UNIT = np.diag([0.5, 0.5, 0.5, 1.0])


def ball(radius, center=(10, 10, 10)) -> Mesh:
    made = trimesh.creation.icosphere(subdivisions=3, radius=radius)
    return Mesh(np.asarray(made.vertices) + center, np.asarray(made.faces))


def inverted(mesh: Mesh) -> Mesh:
    return Mesh(mesh.vertices, mesh.faces[:, ::-1])


def volume(*meshes: Mesh) -> float:
    return float(voxels_inside(joined(meshes), UNIT, (40, 40, 40)).voxels.sum() * 0.5**3)


@pytest.mark.parametrize("affine", [OBLIQUE, OBLIQUE @ np.diag([-1.0, 1, 1, 1]), np.diag([0.3, 0.7, 1.5, 1])])
def test_the_surface_of_a_mask_gives_the_mask(affine):
    mask = np.random.default_rng(4).random((9, 10, 11)) > 0.6  # many shells, cavities and voxels that touch
    mesh = surface_of(Volume(mask, affine), iterations=0)
    np.testing.assert_array_equal(voxels_inside(mesh, affine, mask.shape).voxels, mask)
    np.testing.assert_array_equal(voxels_inside(inverted(mesh), affine, mask.shape).voxels, mask)


def test_a_part_of_the_grid_gives_the_same_voxels():
    whole = voxels_inside(ball(7), UNIT, (40, 40, 40))
    affine = UNIT.copy()
    affine[:3, 3] = (4.5, 2.5, 7.5)
    part = voxels_inside(ball(7), affine, (12, 13, 14))
    np.testing.assert_array_equal(part.voxels, whole.voxels[9:21, 5:18, 15:29])


def test_inner_and_outer_surface_leave_bone_between_them():
    outer, inner, core = ball(9), ball(7), ball(3)
    shell = outer.volume_ml - inner.volume_ml
    for wall in (inner, inverted(inner)):
        assert volume(outer, wall) == pytest.approx(1000 * shell, rel=0.01)
        assert volume(wall, outer, core) == pytest.approx(1000 * (shell + core.volume_ml), rel=0.01)


def test_bones_that_overlap_are_one_solid():
    left, right = ball(6, (8, 10, 10)), ball(6, (13, 10, 10))
    lens = np.pi * (4 * 6 + 5) * (2 * 6 - 5) ** 2 / 12  # of two balls of radius 6, 5 apart
    expected = 2 * 4 / 3 * np.pi * 216 - lens
    assert volume(left, right) == pytest.approx(expected, rel=0.02)
    assert volume(left, inverted(right)) == volume(left, right)


def test_rays_through_edges_and_corners_count_once():
    box = trimesh.creation.box((4, 4, 4), transform=trimesh.transformations.translation_matrix((4, 4, 4)))
    mesh = Mesh(np.asarray(box.vertices), np.asarray(box.faces))
    assert volume(mesh) == pytest.approx(64, rel=0.15)
    assert volume(mesh) % 0.125 == 0
    mask = voxels_inside(mesh, UNIT, (20, 20, 20)).voxels
    assert mask.any(axis=2).sum() * mask.any(axis=(0, 1)).sum() == mask.sum()  # a box has no streaks


def test_nothing_inside_the_grid_is_an_empty_mask():
    assert not voxels_inside(ball(3, (90, 90, 90)), UNIT, (5, 6, 7)).voxels.any()
