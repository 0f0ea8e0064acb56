"""Regions on skulls: the published procedure bit by bit, and what the default keeps true on real shapes."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.categorization.categorize import categorize, outer_surface
from CraNeXtLib.anatomy.categorization.channels import label_channel, region_channels
from CraNeXtLib.anatomy.categorization.official import official_labels
from CraNeXtLib.anatomy.head.nearest_label_map import NearestLabelMap, nearest_label_map
from CraNeXtLib.anatomy.head.network_grid import make_grid
from CraNeXtLib.anatomy.head.pose import bundled_template
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="module")
def skull():
    """The demo's skull at 2.4 mm, in LPS."""
    skull = read_volume(DEFECTIVE_SKULL)
    turned = skull.voxels[::-3, ::-3, ::3] > 0
    affine = skull.affine @ np.diag([-3.0, -3, 3, 1])
    affine[:3, 3] = skull.to_ras(np.array([[skull.shape[0] - 1, skull.shape[1] - 1, 0]]))[0]
    return Volume(turned, affine)


@pytest.fixture(scope="module")
def categorized(skull):
    return categorize(skull)


def test_official_is_the_published_procedure_on_a_cube():
    from skimage.morphology import dilation

    rng = np.random.default_rng(0)
    image = np.zeros((1, 40, 36, 44), np.uint8)
    image[0, 4:36, 4:30, 4:40] = 1
    template = np.zeros_like(image)
    for label in range(1, 9):
        place = rng.integers(2, 32, size=3)
        template[0, place[0] : place[0] + 4, place[1] : place[1] + 3, place[2] : place[2] + 5] = label
    for dilations in (0, 1, 7, 40):
        enlarged = template
        for _ in range(dilations):
            enlarged = dilation(enlarged)  # as published: the four-dimensional array, one step at a time
        published = image * enlarged | image
        assert np.array_equal(official_labels(image[0], template[0], dilations=dilations), published[0])
    assert set(np.unique(published)) <= {0, 1, 3, 5, 7, 9}


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


@pytest.mark.parametrize("angles", [(20, 0, 0), (0, -20, 10)])
def test_a_turned_skull_keeps_its_labels(skull, categorized, angles):
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    turned = categorize(Volume(skull.voxels, turn @ skull.affine))
    assert (turned.labels.voxels == categorized.labels.voxels)[skull.voxels].mean() > 0.95


def test_a_mirrored_skull_gets_mirrored_labels(skull, categorized):
    mirrored = categorize(Volume(skull.voxels, np.diag([-1.0, 1, 1, 1]) @ skull.affine))
    assert (mirrored.labels.voxels == categorized.labels.voxels)[skull.voxels].mean() > 0.95


def test_a_skull_that_is_upside_down_is_refused(skull):
    with pytest.raises(InputError, match="upside down"):
        categorize(Volume(skull.voxels, np.diag([1.0, -1, -1, 1]) @ skull.affine))


def test_what_is_no_skull_is_refused(skull):
    piece = np.zeros(skull.shape, bool)
    piece[10:30, 10:60, 10:16] = True
    piece[14:26, 15:55, 12:16] = False
    with pytest.raises(InputError, match="does not fit"):
        categorize(skull.with_voxels(piece))
    with pytest.raises(InputError, match="no method 'best'"):
        categorize(skull, method="best")


def test_labels_spread_to_the_nearest_region_and_no_further():
    labels = np.zeros((30, 5, 5), np.uint8)
    labels[:4], labels[12:14] = 2, 8
    spread = NearestLabelMap(Volume(labels, np.diag([2.0, 2, 2, 1])), reach_mm=12.0)
    points = np.array([[x, 4.0, 4] for x in (6, 14, 16.5, 24, 38, 44, -30)])
    assert spread.at(points).tolist() == [2, 2, 8, 8, 8, 9, 9]


def test_labelling_a_mask_does_not_depend_on_memory_order():
    template = bundled_template()
    mask = template.with_voxels(np.ascontiguousarray(template.voxels > 0))
    fortran = mask.with_voxels(np.asfortranarray(mask.voxels))
    for volume in (mask, fortran):
        assert np.array_equal(nearest_label_map(template).of_mask(volume, np.eye(4)), template.voxels)


def test_the_outer_surface_of_a_shell_is_its_outside():
    grid = np.indices((64, 64, 64)) - 31.5
    radius = np.sqrt((grid**2).sum(axis=0))
    for affine in (np.diag([2.0, 2, 2, 1]), np.diag([-2.0, 2, 2, 1])):
        places, areas = outer_surface(Volume((radius < 28) & (radius > 24), affine))
        assert areas.sum() == pytest.approx(4 * np.pi * 56**2, rel=0.04)
        assert np.linalg.norm(places - places.mean(axis=0), axis=1).min() > 52


@pytest.mark.parametrize("name", ["default", "official"])
def test_channels_never_mix_labels(skull, categorized, name):
    grid = make_grid(name, skull, (32, 40, 32))
    channels = region_channels(categorized.labels, grid)
    assert channels.shape == (10, 32, 40, 32)
    assert channels.sum(axis=0) == pytest.approx(1, abs=1e-4)
    upper = channels[6] > 0.5
    assert upper.any()
    single = label_channel(categorized.labels, grid)
    assert single.shape == (1, 32, 40, 32)
    assert single[0][channels[8] > 0.999] == pytest.approx(8, abs=0.02)


def test_one_channel_is_the_published_area_resize_of_label_numbers(skull, categorized):
    import torch

    labels = categorized.labels
    grid = make_grid("official", skull, (32, 40, 32))
    orient, crop, resize = grid._transforms
    from monai.data import MetaTensor

    numbers = torch.as_tensor(labels.voxels.astype(np.float32))
    image = MetaTensor(numbers[None], affine=torch.as_tensor(labels.affine.copy()))
    published = resize(crop.crop_pad(orient(image), *grid._crop_box)).numpy()
    assert label_channel(labels, grid) == pytest.approx(published, abs=1e-3)
