"""A head that is upside down or faces backward is noticed; an upright one is not."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.anatomy.head.orientation import orientation_warnings
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="module")
def skull(shared):
    volume = read_volume(shared / "skullfix" / "complete" / "002.nrrd")
    return Volume(volume.voxels[::4, ::4, ::4] != 0, volume.affine @ np.diag([4.0, 4.0, 4.0, 1.0]))


@pytest.mark.parametrize(
    ("flips", "words"),
    [
        ((1, 1, 1), []),
        ((-1, 1, 1), []),  # the shape does not reveal left and right
        ((1, -1, 1), ["backward", "left and right"]),
        ((1, 1, -1), ["upside down", "left and right"]),
        ((1, -1, -1), ["upside down", "backward"]),
    ],
)
def test_a_flipped_head_is_noticed(skull, flips, words):
    warnings = orientation_warnings(Volume(skull.voxels, np.diag([*flips, 1.0]) @ skull.affine))
    assert len(warnings) == len(words)
    assert all(word in warning for word, warning in zip(words, warnings, strict=True))


def test_a_vault_alone_gives_no_warning(skull):
    height = skull.to_ras(np.array([[0, 0, k] for k in range(skull.shape[2])]))[:, 2]
    low = np.flatnonzero(height > height[np.flatnonzero(skull.voxels.any(axis=(0, 1)))[-1]] - 75)[0]
    assert orientation_warnings(skull.crop((slice(None), slice(None), slice(int(low), None)))) == []


def test_a_head_lying_on_its_side_is_noticed(skull):
    turned = skull.affine[[1, 0, 2, 3]]
    assert "wider than it is long" in orientation_warnings(Volume(skull.voxels, turned))[0]


def test_the_wrong_orientation_of_a_skullbreak_header_is_noticed(shared):
    path = next((shared / "skullbreak").glob("*.nii.gz"))
    assert orientation_warnings(read_volume(path, orientation="LPS")) == []
    assert "backward" in orientation_warnings(read_volume(path, orientation="LAS"))[0]


def test_shoulders_in_view_do_not_count():
    """A CT down to the chest shows bone that is wider than the head is long."""
    skull = head(spacing=(4.0, 4.0, 4.0)).complete
    below = np.arange(-260, -80, 4.0)
    x, y, z = np.meshgrid(np.arange(-240, 240, 4.0), np.arange(-120, 120, 4.0), np.r_[below, np.arange(-80, 100, 4.0)])
    x, y, z = (axis.transpose(1, 0, 2) for axis in (x, y, z))
    indices = np.rint(skull.to_indices(np.stack([x, y, z], -1).reshape(-1, 3))).astype(int)
    inside = ((indices >= 0) & (indices < skull.shape)).all(axis=1)
    voxels = np.zeros(x.size, bool)
    voxels[inside] = skull.voxels[tuple(indices[inside].T)]
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (-240, -120, -260)
    alone = Volume(voxels.reshape(x.shape), affine)
    shoulders = alone.voxels | ((z < -200) & (np.abs(y) < 60) & (np.abs(x) < 220))
    assert orientation_warnings(alone) == []
    assert orientation_warnings(alone.with_voxels(shoulders)) == []
