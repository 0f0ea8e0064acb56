"""Landmarks of an ellipsoidal head are those of its ellipsoid, on any voxels and wherever the scan ends."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.proportions import BASE_DEPTH, CENTER_DEPTH
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

WIDTH, LENGTH, VERTEX = 150.0, 190.0, 75.0


@pytest.fixture(scope="module")
def frame():
    return skull_frame(head(holes=()).complete)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.9, 3.0)])
@pytest.mark.parametrize("directions", [np.eye(3), np.diag([-1.0, -1, 1]), OBLIQUE])
def test_extents_are_those_of_the_head(spacing, directions):
    frame = skull_frame(head(spacing=spacing, directions=directions, holes=()).complete)
    assert frame.width == pytest.approx(WIDTH, abs=5)
    assert frame.length == pytest.approx(LENGTH, abs=5)
    assert frame.vertex == pytest.approx(VERTEX, abs=3)
    np.testing.assert_allclose(frame.center, (0, 0, VERTEX - CENTER_DEPTH * LENGTH), atol=3)


def test_a_rotated_head_has_the_same_landmarks_along_its_own_axes():
    skull = head(holes=()).complete
    rotated = Volume(skull.voxels, np.block([[OBLIQUE, np.zeros((3, 1))], [0, 0, 0, 1]]) @ skull.affine)
    frame, own = skull_frame(skull), skull_frame(rotated, OBLIQUE.T)
    np.testing.assert_allclose(own.center, frame.center, atol=1e-3)
    for name in ("width", "length", "vertex"):
        assert getattr(own, name) == pytest.approx(getattr(frame, name), abs=1e-3)


def test_specks_outside_the_head_and_a_cut_base_move_nothing(frame):
    skull = head(holes=()).complete
    voxels = skull.voxels.copy()
    voxels[1:4, 1:4, -4:-1] = True
    cut = skull.with_voxels(voxels).crop((slice(None), slice(None), slice(10, None)))
    found = skull_frame(cut)
    np.testing.assert_allclose(found.center, frame.center, atol=2)
    assert found.vertex == pytest.approx(frame.vertex, abs=2)


def test_levels_are_fractions_of_the_length_below_the_vertex(frame):
    assert frame.level(0) == frame.vertex
    assert frame.base == frame.vertex - BASE_DEPTH * frame.length


@pytest.mark.parametrize(("azimuth", "axis"), [(0, (0, 1, 0)), (90, (1, 0, 0)), (180, (0, -1, 0)), (-90, (-1, 0, 0))])
def test_azimuth_runs_from_the_front_to_the_right(frame, azimuth, axis):
    np.testing.assert_allclose(frame.direction(azimuth, 0), axis, atol=1e-9)


def test_elevation_ends_at_the_vertex(frame):
    np.testing.assert_allclose(frame.direction(30, 90), (0, 0, 1), atol=1e-9)


def test_the_surface_is_in_the_middle_of_the_bone(frame):
    top = frame.surface(np.array([0.0, 0, 1]))
    np.testing.assert_allclose(top, (0, 0, VERTEX - 3), atol=3)


def test_depth_counts_from_the_outline(frame):
    direction = frame.direction(90, 30)
    surface = np.linalg.norm(frame.surface(direction) - frame.center)
    depths = frame.depth(np.array([direction * (surface - 20), direction * surface]))
    assert depths[0] - depths[1] == pytest.approx(20, abs=1e-3)
    assert 0 <= depths[1] < 12


def test_a_mask_of_almost_nothing_is_refused():
    voxels = np.zeros((60, 60, 60), bool)
    voxels[30, 30, 30] = True
    with pytest.raises(InputError, match="empty or nearly so"):
        skull_frame(Volume(voxels, np.eye(4)))
