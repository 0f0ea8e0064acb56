"""Bones become voxels: meshes are filled without streaks, and sutures close."""

import numpy as np
import pytest
from scipy import ndimage

from CraNeXtLib.anatomy.head.bodyparts3d import close_sutures, fill_mesh
from CraNeXtLib.geometry.volume import Volume


def test_a_mesh_is_filled_to_its_volume():
    trimesh = pytest.importorskip("trimesh")
    ball = trimesh.creation.icosphere(subdivisions=3, radius=10)
    filled = fill_mesh(np.asarray(ball.triangles) + np.array([12, 13, 14]), (25, 27, 29))
    assert filled.sum() == pytest.approx(ball.volume, rel=0.02)
    assert ndimage.center_of_mass(filled) == pytest.approx((12, 13, 14), abs=0.05)


def test_mesh_corners_on_voxel_centers_leave_no_streaks():
    trimesh = pytest.importorskip("trimesh")
    box = trimesh.creation.box(extents=(8, 8, 8))
    filled = fill_mesh(np.asarray(box.triangles) + 8, (17, 17, 17))
    assert 7**3 <= filled.sum() <= 9**3
    assert not filled[:, :, 13:].any()
    assert not filled[:3].any()


def test_sutures_close_and_wide_gaps_stay():
    labels = np.zeros((40, 30, 12), np.uint8)
    labels[:15, :, 3:9], labels[18:, :, 3:9] = 1, 2
    closed = close_sutures(Volume(labels, np.diag([1.0, 1, 1, 1])), gap_mm=4.0).voxels
    assert (closed[12:21, 15, 6] > 0).all()
    assert closed[15, 15, 6] == 1
    assert closed[17, 15, 6] == 2
    labels[15:26] = 0
    assert (close_sutures(Volume(labels, np.eye(4)), gap_mm=4.0).voxels[16:25, 15] == 0).all()
