"""Volumes of one lattice come onto one grid voxel by voxel, whatever their extents, axes and directions."""

import numpy as np
import pytest
from phantoms import OBLIQUE

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import box_on_lattice, on_box, on_one_grid
from CraNeXtLib.geometry.volume import Volume

DIRECTIONS = {"upright": np.eye(3), "flipped": np.diag([-1.0, -1.0, 1.0]), "oblique": OBLIQUE}


def volume(directions: np.ndarray, shape=(7, 6, 5), *, seed=0) -> Volume:
    """Random voxels of anisotropic spacing."""
    affine = np.eye(4)
    affine[:3, :3] = directions * (0.7, 1.1, 2.5)
    affine[:3, 3] = (-31.3, 12.7, 99.1)
    return Volume(np.random.default_rng(seed).random(shape) > 0.5, affine)


def values_at_centers(mask: Volume) -> dict[tuple[float, ...], bool]:
    """Map each true voxel's center to its value."""
    return {tuple(np.round(point, 3) + 0.0) for point in mask.to_ras(np.argwhere(mask.voxels))}


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_a_grid_grows_and_shrinks_on_its_own_lattice(directions):
    small = volume(DIRECTIONS[directions])
    box = box_from((-2, 0, -1), (8, 9, 5))
    large = on_box(small, box)
    assert large.shape == (10, 9, 6)
    assert values_at_centers(large) == values_at_centers(small)
    back = on_box(large, box_from((2, 0, 1), (9, 6, 6)))
    np.testing.assert_array_equal(back.voxels, small.voxels)
    np.testing.assert_allclose(back.affine, small.affine, atol=1e-12)
    assert on_box(small, box_from((0, 0, 0), small.shape)) is small
    assert not on_box(small, box_from((20, 20, 20), (22, 22, 22))).voxels.any()
    assert on_box(small.with_voxels(small.voxels.astype(np.int16)), box, fill=-1024).voxels[0, 0, 0] == -1024


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_other_axes_and_extents_come_onto_the_grid_voxel_by_voxel(directions):
    grid = volume(DIRECTIONS[directions])
    part = volume(DIRECTIONS[directions], seed=1)
    for turned in (
        part,
        part.crop(box_from((1, 2, 0), (4, 5, 3))),
        on_box(part, box_from((-3, 0, 0), (7, 8, 5))),
    ):
        last = turned.shape[0] - 1
        flipped = turned.affine @ np.array([[0, 0, -1, last], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
        other = Volume(turned.voxels[::-1].transpose(1, 2, 0), flipped)
        assert values_at_centers(other) == values_at_centers(turned)
        first, placed = on_one_grid(grid, other)
        assert first.shape == grid.shape
        np.testing.assert_array_equal(first.affine, grid.affine)
        assert placed.has_geometry_of(grid)
        assert values_at_centers(placed) == values_at_centers(turned)


def test_the_grid_grows_only_as_far_as_needed():
    grid = volume(OBLIQUE)
    voxels = np.zeros((12, 10, 9), bool)
    voxels[1, 3, 4] = voxels[5, 3, 4] = True
    affine = grid.affine.copy()
    affine[:3, 3] = grid.to_ras(np.array([[-3, -2, -2]]))[0]
    first, placed = on_one_grid(grid, Volume(voxels, affine))
    assert first.shape == placed.shape == (9, 6, 5)
    np.testing.assert_allclose(first.affine[:3, 3], grid.to_ras(np.array([[-2, 0, 0]]))[0])
    assert np.argwhere(placed.voxels).tolist() == [[0, 1, 2], [4, 1, 2]]
    np.testing.assert_array_equal(first.voxels[2:], grid.voxels)


def test_another_lattice_is_refused():
    grid = volume(OBLIQUE)
    for shift, scale in ((0.3, 1.0), (0.0, 1.01)):
        affine = grid.affine * scale
        affine[:3, 3] = grid.affine[:3, 3] + shift
        affine[3, 3] = 1
        other = Volume(grid.voxels, affine)
        assert box_on_lattice(other, grid) is None
        with pytest.raises(InputError, match="resample them onto one grid"):
            on_one_grid(grid, other)
