"""Block means keep position and amount, and count whole blocks as asked."""

import numpy as np
import pytest
from phantoms import OBLIQUE

from CraNeXtLib.geometry.resampling import block_mean, resample, resampled_occupancy, shrink, voxels_within
from CraNeXtLib.geometry.volume import Volume


def test_shrinking_keeps_position_and_amount():
    voxels = np.zeros((30, 31, 17), bool)
    voxels[4:16, 10:25, 2:14] = True
    volume = Volume(voxels, np.diag([-0.5, 0.5, 0.7, 1.0]))
    small = shrink(volume, 1.5)
    np.testing.assert_allclose(small.spacing, [1.5, 1.5, 1.4])
    assert small.voxels.sum() * small.voxel_volume_mm3 == pytest.approx(voxels.sum() * volume.voxel_volume_mm3)
    middles = [
        v.to_ras(np.average(np.argwhere(v.voxels > 0), axis=0, weights=v.voxels[v.voxels > 0])[None])
        for v in (volume, small)
    ]
    np.testing.assert_allclose(*middles, atol=1e-6)


TILTED = np.eye(4)
TILTED[:3] = np.column_stack([OBLIQUE * (0.5, 0.6, 0.9), (-12, 30, 4)])


def plain_block_mean(values: np.ndarray, block: tuple[int, int, int], *, padded: bool) -> np.ndarray:
    """Average block by block, as the words say."""
    shape = [-(-length // size) for length, size in zip(values.shape, block, strict=True)]
    means = np.empty(shape, np.float32)
    for index in np.ndindex(*shape):
        part = values[tuple(slice(i * size, (i + 1) * size) for i, size in zip(index, block, strict=True))]
        means[index] = part.sum(dtype=float) / (np.prod(block) if padded else part.size)
    return means


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("block", [(1, 1, 1), (2, 3, 1), (4, 4, 4), (7, 1, 20)])
def test_a_block_mean_is_the_mean_of_its_voxels(block, padded, order):
    mask = np.asarray(np.random.default_rng(0).random((9, 10, 11)) > 0.4, order=order)
    mean = block_mean(Volume(mask, TILTED), block, padded=padded)
    np.testing.assert_array_equal(mean.voxels, plain_block_mean(mask, block, padded=padded))
    assert mean.voxels.dtype == np.float32
    middle = (np.array(block) - 1) / 2
    np.testing.assert_allclose(mean.to_ras(np.zeros((1, 3))), Volume(mask, TILTED).to_ras(middle[None]))
    np.testing.assert_allclose(mean.spacing, Volume(mask, TILTED).spacing * block)


@pytest.mark.parametrize("block", [(2, 2, 2), (3, 5, 4), (8, 1, 2)])
def test_occupancies_are_added_in_the_order_of_numpys_reduceat(block):
    """The last bit of every registration hangs on that order."""
    sums = values = np.random.default_rng(0).random((23, 17, 19)).astype(np.float32)
    for axis, size in enumerate(block):
        sums = np.add.reduceat(sums, np.arange(0, sums.shape[axis], size), axis=axis)
    expected = (sums / np.prod(block)).astype(np.float32)
    np.testing.assert_array_equal(block_mean(Volume(values, np.eye(4)), block).voxels, expected)


def test_large_blocks_do_not_overflow():
    assert block_mean(Volume(np.ones((40, 40, 40), bool), np.eye(4)), (40, 40, 40)).voxels.item() == 1


def test_as_many_voxels_as_fit_make_a_block():
    assert voxels_within(0.9, np.array([0.3, 0.45, 2.0])).tolist() == [3, 2, 1]  # 0.9 / 0.3 is 2.9999999999999996


def test_a_resampled_mask_fills_fractions_of_the_other_voxels():
    voxels = np.zeros((24, 24, 24), np.uint8)
    voxels[6:18, 6:18, 6:18] = 7
    mask = Volume(voxels, np.diag([0.5, 0.5, 0.5, 1.0]))
    coarse = Volume(np.zeros((6, 6, 6)), np.array([[2.0, 0, 0, 0.75], [0, 2, 0, 0.75], [0, 0, 2, 0.75], [0, 0, 0, 1]]))
    occupancy = resampled_occupancy(mask, coarse.affine, coarse.shape)
    assert occupancy.dtype == np.float32
    assert occupancy[2:4, 2:4, 2:4].min() == 1
    assert occupancy[0].max() == occupancy[5].max() == 0
    assert 0 < occupancy[1, 2, 2] < 1
    assert occupancy.sum() * 8 == pytest.approx(6**3, rel=0.01)
    nothing = resampled_occupancy(mask.with_voxels(np.zeros_like(voxels)), coarse.affine, coarse.shape)
    assert nothing.shape == coarse.shape
    assert not nothing.any()


def test_interpolation_is_linear_and_zero_outside():
    values = np.arange(8.0).reshape(2, 2, 2)
    half = np.diag([0.5, 0.5, 0.5, 1.0])
    found = resample(values, half, (5, 3, 3))
    assert found[1, 1, 1] == 3.5
    assert found[2, 2, 2] == 7
    assert not found[4].any()
