"""Segments on their way in: past bone and past each other."""

import numpy as np
import pytest
from manifold3d import Manifold

from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.segment_check import check_segments


def block(low, high) -> np.ndarray:
    voxels = np.zeros((50, 30, 60), bool)
    voxels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return voxels


def test_the_later_segment_meets_the_lip_of_the_one_before_it():
    affine = np.eye(4)
    first = block((5, 5, 10), (20, 25, 14)) | block((20, 5, 14), (26, 25, 18)) | block((5, 5, 14), (20, 25, 18))
    second = block((22, 5, 9), (40, 25, 13))  # 4 mm of it below the lip, 1 mm apart
    meshes = [surface_of(Volume(voxels, affine), iterations=0) for voxels in (first, second)]
    bone = Volume(block((5, 5, 0), (40, 25, 4)), affine)
    one, other = check_segments(meshes, [(0.0, 0.0, 1.0)] * 2, bone)
    assert one.collision_mm == 0
    assert one.joint_gap_mm is None
    assert other.joint_gap_mm == pytest.approx(1.0, abs=0.05)
    assert other.collision_mm == pytest.approx(2.0, abs=0.2)  # in the middle of a lip 4 mm thick
    sideways = check_segments(meshes, [(0.0, 0.0, 1.0), (1.0, 0.0, 0.0)], bone)[1]
    assert sideways.collision_mm == 0
    into_bone = check_segments(meshes, [(0.0, 0.0, -1.0), (1.0, 0.0, 0.0)], bone)[0]
    assert into_bone.collision_mm > 1


@pytest.mark.parametrize("turned_deg", [0, 45])
def test_the_gap_is_the_least_between_edges_and_faces_of_both_segments(turned_deg):
    """A bar lies across another, edge over edge or edge over face; no corner of either is near."""
    bar, bone = Manifold.cube((40, 2, 2), center=True), Volume(np.zeros((4, 4, 4), bool), np.eye(4))
    below = bar.rotate((turned_deg, 0, 0))
    lowest = np.sqrt(2) * (2 if turned_deg else 1) + (0 if turned_deg else 1)  # where the bars would touch
    across = bar.rotate((45, 0, 0)).rotate((0, 0, 90)).translate((0, 0, lowest + 0.2))
    meshes = [mesh_of(below), mesh_of(across)]
    gap_mm = check_segments(meshes, [(0.0, 0.0, 1.0)] * 2, bone)[1].joint_gap_mm
    assert gap_mm == pytest.approx(0.2, abs=0.01)
