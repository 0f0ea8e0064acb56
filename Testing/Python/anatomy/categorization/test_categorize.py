"""Regions of real skulls: every voxel of bone has one, and it stays with the head however the head lies."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume


@pytest.mark.slow
def test_every_voxel_of_bone_has_a_region_and_no_other(skull, categorized):
    assert categorized.labels.has_geometry_of(skull)
    assert categorized.labels.voxels.dtype == np.uint8
    assert np.array_equal(categorized.labels.voxels > 0, skull.voxels)
    assert categorized.table[-1].percent < 1
    assert sum(row.voxels for row in categorized.table) == skull.voxels.sum()
    assert not categorized.warnings


def test_regions_lie_where_the_bones_are(categorized):
    labels = categorized.labels
    middle = {label: labels.to_ras(np.argwhere(labels.voxels == label)).mean(axis=0) for label in range(1, 9)}
    assert middle[8][1] > middle[6][1] > middle[3][1]
    assert middle[6][2] > middle[5][2] > middle[4][2] > middle[2][2]


@pytest.mark.slow
@pytest.mark.parametrize("angles", [(20, 0, 0), (0, -20, 10)])
def test_a_rotated_skull_keeps_its_labels(skull, categorized, angles):
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    turned = categorize(Volume(skull.voxels, turn @ skull.affine))
    assert (turned.labels.voxels == categorized.labels.voxels)[skull.voxels].mean() > 0.95


@pytest.mark.slow
def test_a_mirrored_skull_gets_mirrored_labels(skull, categorized):
    mirrored = categorize(Volume(skull.voxels, np.diag([-1.0, 1, 1, 1]) @ skull.affine))
    assert (mirrored.labels.voxels == categorized.labels.voxels)[skull.voxels].mean() > 0.95


@pytest.mark.slow
def test_a_skull_that_is_upside_down_is_refused(skull):
    with pytest.raises(InputError, match="upside down"):
        categorize(Volume(skull.voxels, np.diag([1.0, -1, -1, 1]) @ skull.affine))


@pytest.mark.slow
def test_a_mask_that_is_not_a_skull_is_refused(skull):
    piece = np.zeros(skull.shape, bool)
    piece[10:30, 10:60, 10:16] = True
    piece[14:26, 15:55, 12:16] = False
    with pytest.raises(InputError, match="does not fit"):
        categorize(skull.with_voxels(piece))
    with pytest.raises(InputError, match="no method 'best'"):
        categorize(skull, method="best")
