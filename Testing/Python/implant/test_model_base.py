"""The base ends in a plane, leaves the hole open, and changes nothing of the bone that the part meets."""

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, head

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
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


def crossing(mesh) -> int:
    """Return how many triangles, as STL stores them, are crossed by an edge of one that shares no corner with them."""
    corners = mesh.vertices.astype(np.float32).astype(float)[mesh.faces]
    low, high = corners.min(axis=1), corners.max(axis=1)
    meet = np.ones((len(corners),) * 2, bool)
    for axis in range(3):
        meet &= low[:, None, axis] <= high[None, :, axis]
    first, second = np.nonzero(meet & meet.T)
    apart = ~(mesh.faces[first][:, :, None] == mesh.faces[second][:, None, :]).any(axis=(1, 2))
    first, second = first[apart], second[apart]
    origin, across, along = corners[second, 0], *np.moveaxis(corners[second, 1:] - corners[second, :1], 1, 0)
    crossed = np.zeros(len(first), bool)
    for corner in range(3):
        start, way = corners[first, corner], corners[first, (corner + 1) % 3] - corners[first, corner]
        normal = np.cross(way, along)
        size = (across * normal).sum(axis=1)
        size = np.where(np.abs(size) < 1e-14, np.nan, size)
        u = ((start - origin) * normal).sum(axis=1) / size
        turned = np.cross(start - origin, across)
        v, w = (way * turned).sum(axis=1) / size, (along * turned).sum(axis=1) / size
        crossed |= (np.minimum(np.minimum(u, v), w) > 1e-6) & (np.maximum(u + v, w) < 1 - 1e-6)
    return int(crossed.sum())


def test_its_surface_does_not_cross_itself_where_bone_and_base_meet():
    phantom = head(spacing=(1.5, 1.5, 1.5), directions=OBLIQUE, holes=(((70.0, 0.0, 35.0), 22.0),))
    far = np.array([131.7, -212.3, 307.9])  # from the origin, as in a scan, where less than a micrometer is rounded off
    bone, implant = (
        Volume(volume.voxels, np.column_stack([volume.affine[:, :3], volume.affine[:, 3] + [*far, 0]]))
        for volume in (bone_around(phantom.defective, phantom.implant, 15), phantom.implant)
    )
    way = np.array([0.8, -0.4, 0.3]) / np.linalg.norm([0.8, -0.4, 0.3])
    assert crossing(with_base(surface_of(bone), bone, implant, way, BASE_MM)) == 0
