"""The sides of an implant are fair, its rim and its body are those of the mask."""

import numpy as np
import pytest

from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.mesh_decimation import light
from CraNeXtLib.geometry.mesh_voxels import voxels_inside
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fair_sides import fair_head
from CraNeXtLib.implant.implant_surface import implant_surface

OUTER_MM, INNER_MM, HOLE_MM = 70.0, 65.0, 18.0


@pytest.fixture(scope="module", params=[1, -1], ids=["upright", "flipped"])
def skull(request) -> tuple[Volume, Volume]:
    """Bone around a round hole, and what fills it, on oblique, anisotropic voxels of 1 and 1.2 mm."""
    turn = np.linalg.qr(np.array([[1.0, 0.2, 0.1], [-0.2, 1, 0.15], [0, -0.1, 1]]))[0]
    turn *= np.sign(np.diag(turn))
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1.0, 1.0, 1.2]) @ np.diag([request.param, 1, 1])
    shape = (64, 64, 28)
    affine[:3, 3] = np.array([0, 0, 63.0]) - affine[:3, :3] @ (np.array(shape) / 2)
    points = Volume(np.zeros(shape, bool), affine).to_ras(np.argwhere(np.ones(shape, bool)))
    radius, across = np.linalg.norm(points, axis=1), np.hypot(points[:, 0], points[:, 1])
    shell = (radius <= OUTER_MM) & (radius > INNER_MM)
    inside = (shell & (across < HOLE_MM)).reshape(shape)
    bone = (shell & (across >= HOLE_MM)).reshape(shape)
    return Volume(inside, affine), Volume(bone, affine)


def angle_deg(mesh: Mesh) -> float:
    """RMS angle between the outer side and the sphere, up to 5 mm from the rim."""
    centers, normals = face_centers(mesh), face_normals(mesh)
    radius = np.linalg.norm(centers, axis=1)
    outer = (radius > 68.5) & (np.hypot(centers[:, 0], centers[:, 1]) < HOLE_MM - 5)
    cosines = (normals * centers).sum(axis=1) / radius / np.linalg.norm(normals, axis=1)
    return float(np.sqrt(np.mean(np.degrees(np.arccos(np.clip(cosines[outer], -1, 1))) ** 2)))


def test_sides_are_fair_and_closed(skull):
    stepped, fair = surface_of(skull[0]), implant_surface(skull[0], fair_head(*skull))
    assert angle_deg(stepped) > 6
    assert angle_deg(fair) < 3.5  # on voxels of 1 mm
    assert angle_deg(light(fair)) < 4.5
    assert light(fair).is_watertight
    assert fair.volume_ml == pytest.approx(stepped.volume_ml, rel=0.01)


def test_rim_stays_on_the_bone_and_no_vertex_moves_far(skull):
    stepped, fair = surface_of(skull[0]), implant_surface(skull[0], fair_head(*skull))
    shifts = np.linalg.norm(fair.vertices - stepped.vertices, axis=1)
    middle = np.abs(np.linalg.norm(stepped.vertices, axis=1) - (OUTER_MM + INNER_MM) / 2) < 0.7
    assert middle.sum() > 50
    assert shifts[middle].max() < 1e-6
    assert 0.1 < shifts.max() < 0.54  # half a voxel, of 1.07 mm on average
    inside, mask = voxels_inside(fair, skull[0].affine, skull[0].shape).voxels, skull[0].voxels
    assert 2 * (inside & mask).sum() / (inside.sum() + mask.sum()) > 0.97
