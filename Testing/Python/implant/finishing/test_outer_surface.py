"""Thickness is changed on the inner side, and the outer side is set back away from the bone."""

import numpy as np
import pytest
from finishing_checks import inside_of
from scipy import ndimage

from CraNeXtLib import finish
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings


def walls_mm(implant: Volume, mesh: Mesh, center: np.ndarray, away_from: Volume) -> np.ndarray:
    """Ways straight through the mask from points of the outer side that lie 12 mm from other voxels, in mm."""
    normals = mesh.vertex_normals
    far = ndimage.distance_transform_edt(away_from.voxels == 0, sampling=implant.spacing)
    nearby = np.rint(implant.to_indices(mesh.vertices)).astype(int).T
    outer = ((mesh.vertices - center) * normals).sum(axis=1) > 0.8 * np.linalg.norm(mesh.vertices - center, axis=1)
    chosen = np.flatnonzero(outer & (far[tuple(nearby)] > 12))[::20]
    steps = np.arange(0, 30, 0.1)
    points = mesh.vertices[chosen, None] - steps[:, None] * normals[chosen, None]
    indices = implant.to_indices(points.reshape(-1, 3)).T
    inside = ndimage.map_coordinates(implant.voxels.astype(float), indices, order=1).reshape(points.shape[:2]) > 0.5
    return inside.sum(axis=1) * 0.1


@pytest.mark.slow
def test_thickness_is_brought_between_its_limits_on_the_inner_side(phantom):
    outer = ndimage.distance_transform_edt(phantom.complete.voxels | inside_of(phantom))
    for limits, expected in (((0, 4.0), 4.0), ((9.0, 0), 9.0), ((4.0, 8.0), 6.0)):
        least, most = limits
        chosen = FinishSettings(minimum_thickness_mm=least, maximum_thickness_mm=most)
        finished = finish(phantom.implant, phantom.defective, chosen)
        walls = walls_mm(finished.implant, finished.dense_mesh, np.zeros(3), phantom.defective)
        assert len(walls) > 50
        np.testing.assert_allclose(walls, expected, atol=1.0)
        assert np.median(walls) == pytest.approx(expected, abs=0.3)
        added = finished.implant.voxels & ~phantom.implant.voxels
        assert (outer[added] < 4).sum() < 0.01 * phantom.implant.voxels.sum()
        assert finished.mesh.is_watertight


@pytest.mark.slow
def test_the_outer_side_is_set_back_in_the_middle_and_flush_at_the_bone(phantom):
    finished = finish(phantom.implant, phantom.defective, FinishSettings(under_contour_mm=2.0))
    plain = finish(phantom.implant, phantom.defective)
    lost = plain.implant.voxels & ~finished.implant.voxels
    to_bone = ndimage.distance_transform_edt(~phantom.defective.voxels)
    outside = ndimage.distance_transform_edt(phantom.complete.voxels | inside_of(phantom))
    middle = plain.implant.voxels & (to_bone > 12)
    assert lost[middle & (outside < 1.5)].all()
    assert not lost[middle & (outside > 2.8)].any()
    assert lost[plain.implant.voxels & (to_bone < 2.5)].mean() < 0.05
