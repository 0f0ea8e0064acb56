"""The plane of symmetry on heads whose plane is known."""

from dataclasses import replace

import numpy as np
import pytest
from implant_plugs import HOLE
from phantoms import head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane, symmetry_plane


def test_the_plane_of_symmetry_follows_a_tilted_head():
    phantom = head(spacing=(1.5, 1.5, 1.5), directions=np.eye(3), holes=((HOLE, 25.0),))
    angle = np.deg2rad(12)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[:3, 3] = (5, -3, 2)
    skull = Volume(phantom.defective.voxels, turn @ phantom.defective.affine)
    plane = symmetry_plane(skull, skull_frame(skull))
    assert np.degrees(np.arctan2(plane.normal[1], plane.normal[0])) == pytest.approx(12, abs=0.5)
    assert abs(plane.normal[2]) < 0.06  # the phantom is round about its long axis, so that its roll tells little
    assert plane.normal @ turn[:3, 3] == pytest.approx(plane.offset, abs=1.0)


def test_the_plane_stays_where_it_is_if_one_side_bulges():
    phantom = head(holes=((HOLE, 25.0),))
    points = phantom.complete.to_ras(np.indices(phantom.complete.shape).reshape(3, -1).T)
    bulge = np.linalg.norm(points - (-55.0, 10, 40), axis=1) <= 25  # stands out by up to 10 mm
    skull = phantom.defective.with_voxels(phantom.defective.voxels | bulge.reshape(phantom.complete.shape))
    plane = symmetry_plane(skull, skull_frame(skull))
    assert np.degrees(np.arctan2(plane.normal[1], plane.normal[0])) == pytest.approx(0, abs=0.7)
    assert plane.offset == pytest.approx(0, abs=0.7)


def test_mirroring_twice_changes_nothing_and_the_matrix_does_the_same():
    normal = np.array([0.96, 0.28, 0.0])
    plane = SymmetryPlane(normal, 3.0)
    points = np.random.default_rng(0).normal(0, 50, (10, 3))
    np.testing.assert_allclose(plane.mirror(plane.mirror(points)), points)
    np.testing.assert_allclose(points @ plane.matrix[:3, :3].T + plane.matrix[:3, 3], plane.mirror(points))
    np.testing.assert_allclose((points + plane.mirror(points)) @ normal / 2, 3.0)


def test_too_little_of_a_vault_is_refused():
    phantom = head(spacing=(3.0, 3.0, 3.0))
    frame = skull_frame(phantom.defective)
    with pytest.raises(InputError, match="Too little of the cranial vault"):
        symmetry_plane(phantom.defective, replace(frame, points=frame.points[:50]))
