"""Building a template from bones or a label map."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.bodyparts3d import BONES
from CraNeXtLib.anatomy.head.template_building import build_template, read_regions, regions_of_bones
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume


def _ball_of_regions(shift=(0.0, 0.0, 0.0)):
    """A lopsided shell of 2 mm voxels, cut into eight regions by height and depth."""
    grid = np.indices((80, 90, 80)) * 2.0 - np.array([80, 90, 80]).reshape(3, 1, 1, 1) - np.reshape(shift, (3, 1, 1, 1))
    radius = np.sqrt((grid[0] / 60) ** 2 + (grid[1] / 72) ** 2 + (grid[2] / (60 + 0.2 * grid[1])) ** 2)
    shell = (radius < 1) & (radius > 0.85)
    level = np.clip(np.floor((grid[2] + 70) / 35), 0, 3).astype(np.uint8)
    labels = np.where(shell, 1 + 2 * level + (grid[1] > 0), 0).astype(np.uint8)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -80, -90, -80
    return Volume(labels, affine)


def test_bones_become_regions_in_bands_of_equal_volume():
    bones = np.zeros((4, 4, 60), np.uint8)
    bones[:2, :2] = BONES.index("parietal_l") + 1
    bones[2:, :2] = BONES.index("parietal_r") + 1
    bones[:2, 2:] = BONES.index("frontal") + 1
    bones[2:, 2:, :20] = BONES.index("sphenoid") + 1
    bones[2:, 2:, 20:40] = BONES.index("vomer") + 1
    regions = regions_of_bones(Volume(bones, np.eye(4))).voxels
    assert [int((regions[:, :2] == label).sum()) for label in (4, 5, 6)] == [160, 160, 160]
    assert (regions[:, 0, 0] == 4).all()
    assert (regions[:, 0, -1] == 6).all()
    assert [int((regions[:2, 2:] == label).sum()) for label in (7, 8)] == [120, 120]
    assert set(np.unique(regions[2:, 2:])) == {0, 1, 2}


@pytest.mark.slow
def test_a_template_of_any_label_map_is_symmetrical_and_keeps_its_regions():
    template = build_template(_ball_of_regions(shift=(3.0, 0, 0)), [])
    assert np.array_equal(template.voxels, template.voxels[::-1])
    assert set(np.unique(template.voxels)) == set(range(9))
    extent = np.ptp(template.to_ras(np.argwhere(template.voxels > 0)), axis=0)
    assert extent[:2] == pytest.approx((120, 144), abs=4)


@pytest.mark.slow
def test_a_template_takes_the_size_of_the_skulls():
    source = _ball_of_regions()
    larger = Volume(source.voxels > 0, np.diag([1.1, 1.1, 1.1, 1]) @ source.affine)
    template = build_template(source, [larger])
    extent = np.ptp(template.to_ras(np.argwhere(template.voxels > 0)), axis=0)
    assert extent[:2] == pytest.approx((132, 158.4), abs=5)


def test_a_label_map_without_a_region_is_refused(tmp_path):
    regions = _ball_of_regions()
    write_volume(regions, tmp_path / "regions.nrrd")
    assert np.array_equal(read_regions(tmp_path / "regions.nrrd").voxels, regions.voxels)
    write_volume(regions.with_voxels(np.where(regions.voxels == 4, 0, regions.voxels)), tmp_path / "missing.nrrd")
    with pytest.raises(InputError, match="labels 1 to 8"):
        read_regions(tmp_path / "missing.nrrd")
    with pytest.raises(InputError, match=r"frontal\.stl"):
        read_regions(tmp_path)
