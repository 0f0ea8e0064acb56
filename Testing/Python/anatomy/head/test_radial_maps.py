"""Radial maps: where rays from the middle of a skull enter and leave its bone."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.radial_maps import RadialGrid, cast_radial_maps
from CraNeXtLib.geometry.volume import Volume

GRID = RadialGrid(pixel_mm=12.0)


def ball_shell(affine: np.ndarray, shape, outer: float = 70.0, inner: float = 62.0, away=0.0) -> Volume:
    """Return the occupancy of a shell about the RAS origin; ``away`` adds another one so far outside, like a zygoma."""
    volume = Volume(np.zeros(shape, np.float32), affine)
    radii = np.linalg.norm(volume.to_ras(np.indices(shape).reshape(3, -1).T), axis=1).reshape(shape)
    depth = np.minimum(outer - radii, radii - inner)
    if away:
        depth = np.maximum(depth, np.minimum(outer + away + 4 - radii, radii - outer - away))
    return volume.with_voxels(np.clip(0.5 + depth / volume.spacing.mean(), 0, 1).astype(np.float32))


def centered(spacing, signs=(1, 1, 1), size_mm=200.0) -> tuple[np.ndarray, tuple[int, ...]]:
    steps = np.array(spacing) * signs
    shape = tuple(int(size_mm / s) for s in spacing)
    affine = np.diag([*steps, 1.0])
    affine[:3, 3] = -(np.array(shape) - 1) / 2 * steps
    return affine, shape


def test_pixels_and_directions_are_inverse():
    inside = np.isfinite(GRID.directions[..., 0])
    pixels = np.argwhere(inside).T
    np.testing.assert_allclose(GRID.pixels(GRID.directions[inside]), pixels, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(GRID.directions[inside], axis=-1), 1)


def test_mirroring_the_image_mirrors_left_and_right():
    mirrored = GRID.directions[::-1] * (-1, 1, 1)
    np.testing.assert_allclose(mirrored, GRID.directions)


@pytest.mark.parametrize(("spacing", "signs"), [((2, 2, 2), (1, 1, 1)), ((1.5, 2, 2.5), (-1, -1, 1))])
def test_a_ball_has_its_radius_and_thickness_everywhere(spacing, signs):
    shell = ball_shell(*centered(spacing, signs))
    directions = GRID.directions[np.isfinite(GRID.directions[..., 0])]
    outer, thickness = cast_radial_maps(shell, np.zeros(3), directions, np.eye(4))
    np.testing.assert_allclose(outer, 70, atol=0.4)
    np.testing.assert_allclose(thickness, 8, atol=0.8)


def test_lengths_are_those_of_the_models_space():
    shell = ball_shell(*centered((2, 2, 2)))
    to_patient = np.diag([1.25, 1.25, 1.25, 1.0])
    outer, thickness = cast_radial_maps(shell, np.zeros(3), np.array([[0, 0.6, 0.8]]), to_patient)
    assert outer[0] == pytest.approx(70 / 1.25, abs=0.3)
    assert thickness[0] == pytest.approx(8 / 1.25, abs=0.4)


@pytest.mark.parametrize(("away", "outer"), [(14, 70), (4, 78)])
def test_bone_beyond_a_wide_gap_is_another_bone(away, outer):
    directions = np.array([[1.0, 0, 0], [0, 0, 1]])
    shell = ball_shell(*centered((2, 2, 2)), away=away)
    found, _ = cast_radial_maps(shell, np.zeros(3), directions, np.eye(4))
    np.testing.assert_allclose(found, outer, atol=0.3)


def test_no_bone_is_nan():
    shell = ball_shell(*centered((2, 2, 2)))
    hole = shell.with_voxels(np.where(np.arange(100) > 50, 0, shell.voxels))
    outer, thickness = cast_radial_maps(hole, np.zeros(3), np.array([[0, 0, 1.0], [0, 0, -1]]), np.eye(4))
    assert np.isnan([outer[0], thickness[0]]).all()
    assert np.isfinite([outer[1], thickness[1]]).all()
