"""Rays from the middle of the head find the voxels that they pass, and images of directions keep angles and areas."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.head.radial_view import EQUAL_AREA, EQUIDISTANT, RayHits, cast, extreme_radii, view_around
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mask import surface_indices
from CraNeXtLib.geometry.volume import Volume


def random_mask(seed: int = 0) -> Volume:
    """A mask of noise on oblique voxels of three different sizes: no ray may be off by a voxel."""
    affine = np.eye(4)
    affine[:3, :3] = OBLIQUE * (1.0, 1.5, 2.0)
    affine[:3, 3] = (-20, -25, -30)
    return Volume(np.random.default_rng(seed).random((40, 36, 30)) < 0.3, affine)


def looked_up(volume: Volume, points: np.ndarray) -> np.ndarray:
    """Look up points one by one."""
    found = []
    for i, j, k in np.rint(volume.to_indices(points)).astype(int):
        inside = all(0 <= index < size for index, size in zip((i, j, k), volume.shape, strict=True))
        found.append(bool(inside and volume.voxels[i, j, k]))
    return np.array(found)


def test_every_sample_is_the_nearest_voxels_value():
    volume, center = random_mask(), np.array([3.1, -2.3, 1.7])
    directions = EQUAL_AREA.directions((4, 3), 0.4)
    radii = np.arange(1.0, 40.0, 0.7)
    (hits,) = cast(volume, center=center, directions=directions, radii=radii)
    points = center + directions[..., None, :] * radii[:, None]
    assert np.array_equal(hits.samples.ravel(), looked_up(volume, points.reshape(-1, 3)))


def test_masks_cast_together_are_as_cast_alone():
    first, second = random_mask(0), random_mask(1)
    rays = {"center": np.zeros(3), "directions": EQUIDISTANT.directions((30, 40), 0.03), "radii": np.arange(5.0, 30.0)}
    together = cast(first, second, **rays)
    for hits, volume in zip(together, (first, second), strict=True):
        assert np.array_equal(hits.samples, cast(volume, **rays)[0].samples)
        assert hits.samples.shape == (61, 81, 25)


def test_memory_order_changes_nothing():
    volume = random_mask()
    fortran = Volume(np.asfortranarray(volume.voxels), volume.affine)
    rays = {"center": np.zeros(3), "directions": EQUIDISTANT.directions((9, 9), 0.1), "radii": np.arange(5.0, 30.0)}
    assert np.array_equal(cast(volume, **rays)[0].samples, cast(fortran, **rays)[0].samples)


def test_hits_give_the_first_the_last_and_the_length_in_between():
    samples = np.array([[0, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]], dtype=bool)
    hits = RayHits(samples, np.arange(10.0, 13.0, 0.5))
    assert hits.hit_mask.tolist() == [True, False, True]
    np.testing.assert_array_equal(hits.inner, [10.5, np.nan, 10.0])
    np.testing.assert_array_equal(hits.outer, [12.0, np.nan, 12.5])
    np.testing.assert_array_equal(hits.material(), [1.5, 0.0, 3.0])
    np.testing.assert_array_equal(hits.material(beneath_mm=1.0), [0.5, 0.0, 1.0])


def test_equidistant_keeps_the_angle_to_the_axis():
    directions = EQUIDISTANT.directions((20, 30), 0.05)
    u, v = np.meshgrid(np.arange(-20, 21) * 0.05, np.arange(-30, 31) * 0.05, indexing="ij")
    np.testing.assert_allclose(np.arccos(directions[..., 2]), np.hypot(u, v), atol=1e-7)
    np.testing.assert_allclose(np.arctan2(directions[..., 1], directions[..., 0])[u != 0], np.arctan2(v, u)[u != 0])
    np.testing.assert_allclose(np.linalg.norm(directions, axis=-1), 1)


def test_every_cell_of_the_equal_area_image_has_the_same_solid_angle():
    cell = 0.02
    directions = EQUAL_AREA.directions((40, 40), cell)
    sides = [(directions[2:, 1:-1] - directions[:-2, 1:-1]) / 2, (directions[1:-1, 2:] - directions[1:-1, :-2]) / 2]
    np.testing.assert_allclose(np.linalg.norm(np.cross(*sides), axis=-1), cell**2, rtol=1e-3)


def test_a_window_shows_what_it_is_made_around():
    case = head(spacing=(2.0, 2.0, 2.0))
    center = np.zeros(3)
    view = view_around(case.implant.to_ras(surface_indices(case.implant)), center)
    complete, defective, implant = view.cast(case.complete, case.defective, case.implant)
    assert complete.hit_mask.all()
    assert np.array_equal(complete.samples, defective.samples ^ implant.samples)
    assert (~defective.hit_mask).any()
    assert implant.hit_mask[~defective.hit_mask].all()
    edge = np.ones(view.shape, bool)
    edge[10:-10, 10:-10] = False
    assert not implant.hit_mask[edge].any()
    np.testing.assert_allclose(np.nanmedian(complete.material()), 6.0, atol=1.0)


def test_solid_angles_are_those_of_the_sphere():
    """A cone of half angle α takes 2 π (1 - cos α) of the sphere."""
    view = view_around(np.array([[x, y, 40.0] for x in (-50, 0, 50) for y in (-50, 0, 50)]), np.zeros(3))
    angle = np.arccos(view.directions[..., 2])
    for cone in (0.3, 0.6, 0.8):
        assert view.solid_angles[angle < cone].sum() == pytest.approx(2 * np.pi * (1 - np.cos(cone)), rel=0.01)


def test_a_point_lies_on_its_ray():
    view = view_around(np.array([[0, 0, 80.0], [5, 0, 80]]), np.array([1.0, 2.0, 3.0]))
    assert np.subtract(view.point((4, 7), 50.0), view.center) == pytest.approx(view.directions[4, 7] * 50, abs=0.006)


def test_nothing_to_look_at_is_refused():
    with pytest.raises(InputError, match="empty"):
        view_around(np.zeros((0, 3)), np.zeros(3))


def test_extremes_are_those_of_each_cell():
    cells, radii = np.array([0, 3, 3, 5]), np.array([7.0, 2.0, 9.0, 4.0])
    assert extreme_radii(cells, radii, (2, 3), np.maximum).tolist() == [[7, -np.inf, -np.inf], [9, -np.inf, 4]]
    assert extreme_radii(cells, radii, (2, 3), np.minimum).tolist() == [[7, np.inf, np.inf], [2, np.inf, 4]]
