"""Tests of writing NRRD files."""

import nrrd
import numpy as np
import pytest

from CraNeXtLib.geometry.volume_formats import nrrd_writing


@pytest.mark.parametrize("planes", [4, 11], ids=["whole blocks", "a part of a block at the end"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_blocks_that_hold_nothing_are_read_back_like_the_others(tmp_path, planes, dtype):
    plane = nrrd_writing._BLOCK // 2
    voxels = np.zeros((plane // 64, 64, planes), dtype, order="F")
    voxels[:, 3:9, planes // 2] = np.random.default_rng(0).integers(0, 200, (plane // 64, 6))
    voxels[-1, -1, -1] = 7
    nrrd_writing.write_nrrd(tmp_path / "a.nrrd", voxels, np.eye(4))
    back, _ = nrrd.read(str(tmp_path / "a.nrrd"))
    np.testing.assert_array_equal(back, voxels)
    assert (tmp_path / "a.nrrd").read_bytes().count(nrrd_writing._deflated(bytes(nrrd_writing._BLOCK)))
