"""The grid of the shape model's space: boxes around vault and face, and the way to a patient's voxels and back."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume

SKULL = head(spacing=(1.5, 1.5, 1.5), holes=()).complete
SURFACE = bone_surface(SKULL)


def test_boxes_have_their_size_and_the_symmetry_plane_in_the_middle():
    for part, shape, size in (("head", (80, 96, 64), (180, 216, 144)), ("face", (88, 64, 72), (132, 96, 108))):
        grid = ModelSpaceGrid(SURFACE, shape, part)
        np.testing.assert_allclose(grid.spacing * shape, size)
        assert grid.affine[0, 3] + grid.spacing[0] * (shape[0] - 1) / 2 == pytest.approx(0)


def test_a_deepened_grid_keeps_its_voxels_and_knows_the_mean_skull_below():
    grid = ModelSpaceGrid(SURFACE, (40, 48, 32))
    deeper = grid.deepened(8)
    assert deeper.shape == (40, 48, 40)
    np.testing.assert_allclose(deeper.spacing, grid.spacing)
    np.testing.assert_allclose((deeper.affine @ (3, 5, 8, 1)), grid.affine @ (3, 5, 0, 1))
    low = deeper.mean_occupancy(25)  # of the phantom, whose surface this is
    true = deeper.sample(SKULL.with_voxels(SKULL.voxels.astype(np.float32)), Alignment(np.eye(4), 0.0))[..., :25]
    assert low.shape == true.shape
    assert true.sum() > 100
    assert np.abs(low - true).sum() < 0.2 * true.sum()


def test_a_skull_is_sampled_and_restored_through_an_alignment():
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = 1.05 * OBLIQUE, (4, -3, 8)
    alignment = Alignment(np.linalg.inv(matrix), 0.0)
    away = np.linalg.norm(SKULL.to_ras(np.indices(SKULL.shape).reshape(3, -1).T), axis=1).reshape(SKULL.shape)
    solid = SKULL.with_voxels((away < 50).astype(np.float32))
    grid = ModelSpaceGrid(SURFACE, (80, 96, 64))
    sampled = grid.sample(solid, alignment)
    assert sampled.sum() * np.prod(grid.spacing) == pytest.approx(
        solid.voxels.sum() * solid.voxel_volume_mm3 * 1.05**3, rel=0.02
    )
    restored = grid.restore(sampled, solid, alignment)
    assert ((restored > 0.5) != (solid.voxels > 0.5)).sum() < 0.05 * solid.voxels.sum()
    box = grid.box(sampled > 0.5, solid, alignment)
    assert solid.voxels[box].sum() == solid.voxels.sum()
    whole = grid.whole_box(solid, alignment, margin=2)
    assert all(outer.start <= inner.start and inner.stop <= outer.stop for outer, inner in zip(whole, box, strict=True))


def test_values_are_resampled_to_a_finer_grid_of_the_same_space():
    coarse, fine = ModelSpaceGrid(SURFACE, (40, 48, 32)), ModelSpaceGrid(SURFACE, (80, 96, 64))
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32)[:, None, None], coarse.shape)
    inner = coarse.resample_to(fine, ramp)[2:-2, 10:-10, 10:-10]
    np.testing.assert_allclose(np.diff(inner, axis=0), 0.5, atol=1e-4)


def test_a_ball_in_a_turned_skull_is_found_where_it_lies():
    grid = ModelSpaceGrid(load_model(model_library.find("pca_skull")).model.surface, (60, 72, 48))
    turn = np.eye(4)
    angle = np.deg2rad(20)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (12, -7, 30)
    alignment = Alignment(1.1 * turn @ np.diag([1, 1, 1, 1 / 1.1]), 0.0)
    skull = Volume(
        np.zeros((70, 80, 60), bool), np.array([[-3.5, 0, 0, 130], [0, 3.5, 0, -140], [0, 0, 4, -60], [0, 0, 0, 1]])
    )
    center = alignment.apply(np.array([[20.0, 30.0, 50.0]]))
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    ball = skull.with_voxels((np.linalg.norm(points - center, axis=1) < 25).astype(np.float32).reshape(skull.shape))
    values = grid.sample(ball, alignment)
    middle = np.argwhere(values > 0.5).mean(axis=0) @ np.diag(grid.spacing) + grid.affine[:3, 3]
    np.testing.assert_allclose(middle, (20, 30, 50), atol=1.0)
    box = grid.box(values > 0.5, skull, alignment)
    outside = ball.voxels.copy()
    outside[box] = 0
    assert not outside.any()
    restored = grid.restore(values, ball.crop(box), alignment) > 0.5
    assert dice(ball.crop(box).with_voxels(restored), ball.crop(box)) > 0.95
