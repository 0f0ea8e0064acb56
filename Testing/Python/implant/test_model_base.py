"""The base ends in a plane, leaves the hole open, and changes nothing of the bone that the part meets."""

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, head

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.implant.bone_model import bone_around
from CraNeXtLib.implant.model_base import check_base, with_base

BASE_MM = 6.0
OUTWARD = np.array([0.9, 0.1, 0.4]) / np.linalg.norm([0.9, 0.1, 0.4])


@pytest.fixture(scope="module")
def model():
    """The phantom, the surface of the bone around its implant, and that with a base."""
    phantom = head(spacing=(2.0, 2.0, 2.5), directions=OBLIQUE, holes=(((70.0, 0.0, 35.0), 22.0),))
    bone = bone_around(phantom.defective, phantom.implant, 15)
    plain = surface_of(bone)
    return phantom, plain, with_base(plain, bone, phantom.implant, OUTWARD, BASE_MM)


def inside(mesh, points):
    """Whether points lie in a closed mesh, by the solid angle under which they see it."""
    corners = mesh.vertices[mesh.faces] - points[:, None, None]
    a, b, c = np.moveaxis(corners, 2, 0)
    lengths = [np.linalg.norm(corner, axis=-1) for corner in (a, b, c)]
    dots = [(p * q).sum(axis=-1) for p, q in ((a, b), (b, c), (c, a))]
    below = np.prod(lengths, axis=0) + dots[0] * lengths[2] + dots[1] * lengths[0] + dots[2] * lengths[1]
    return np.arctan2((a * np.cross(b, c)).sum(axis=-1), below).sum(axis=1) > np.pi


def test_it_stands_on_a_plane_below_the_lowest_bone(model):
    _, plain, based = model
    assert based.is_watertight
    heights, bone = based.vertices @ OUTWARD, plain.vertices @ OUTWARD
    assert heights.min() == pytest.approx(bone.min() - BASE_MM, abs=1.5)  # the middles of voxels count, not their sides
    solid = trimesh.Trimesh(based.vertices, based.faces, process=False)
    assert len(solid.split(only_watertight=False)) == 1
    standing = (solid.face_normals @ OUTWARD < -0.999) & (solid.triangles_center @ OUTWARD < heights.min() + 1e-3)
    assert solid.area_faces[standing].sum() > 1000


def test_the_outer_side_and_the_hole_are_those_of_the_bone(model):
    phantom, plain, based = model
    kept = {tuple(np.round(vertex, 6)) for vertex in based.vertices}
    outer = plain.vertices[plain.vertex_normals @ OUTWARD > 0.3]
    assert np.mean([tuple(np.round(vertex, 6)) in kept for vertex in outer]) > 0.99
    points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    below = points[::100] - OUTWARD * 15  # where the part would be pushed out from
    assert not inside(based, below).any()
    under = plain.vertices[plain.vertex_normals @ OUTWARD < -0.95][::60] - OUTWARD * 3
    assert inside(based, under).mean() > 0.8


@pytest.mark.parametrize("wrong", [0.0, 51.0, float("nan")])
def test_a_base_out_of_range_is_refused(wrong):
    with pytest.raises(InputError, match="--bone-base must be a number from 1 to 50 mm"):
        check_base(wrong)
