"""The surface is closed and manifold, and stays on the mask."""

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, head

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume


def assert_printable(mesh: Mesh) -> None:
    """Closed, manifold at edges and vertices, outward, even after a reader merged equal single-precision vertices."""
    assert mesh.is_watertight
    assert mesh.volume_ml > 0
    assert len(np.unique(mesh.vertices.astype(np.float32), axis=0)) == len(mesh.vertices)
    other = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert other.is_watertight
    assert other.is_winding_consistent
    assert (np.unique(np.sort(other.edges, axis=1), axis=0, return_counts=True)[1] == 2).all()
    assert fans_of(other) == len(other.vertices)


def fans_of(mesh: trimesh.Trimesh) -> int:
    """Count the fans: groups of faces that hang together through edges at one vertex. A manifold has one a vertex."""
    from scipy import sparse

    corners = [
        3 * face[:, None] + (mesh.faces[face][:, None, :] == mesh.face_adjacency_edges[:, :, None]).argmax(axis=2)
        for face in mesh.face_adjacency.T
    ]
    one, other = (corner.ravel() for corner in corners)
    graph = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(mesh.faces.size,) * 2)
    return sparse.csgraph.connected_components(graph, directed=False)[0]


@pytest.mark.parametrize("seed", range(5))
def test_any_mask_is_closed_and_manifold(seed):
    """Random voxels touch at edges and corners, enclose holes and lie on the border."""
    mask = np.random.default_rng(seed).random((9, 8, 7)) > (0.3, 0.5, 0.7, 0.9, 0.97)[seed]
    affine = np.diag([0.5, 0.5, 1.25, 1])
    assert_printable(surface_of(Volume(mask, affine)))
    assert_printable(surface_of(Volume(mask, affine @ np.diag([-1, 1, 1, 1])), iterations=200))


def test_thin_bridge_and_corner_contact_stay():
    mask = np.zeros((12, 12, 12), dtype=bool)
    mask[1:4, 1:4, 1:4] = mask[8:11, 1:4, 1:4] = mask[4:8, 2, 2] = True
    mask[4:7, 4:7, 4:7] = True  # touches the first cube at a corner
    assert_printable(surface_of(Volume(mask, np.eye(4)), iterations=200))


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (0.5, 0.5, 1.0)])
def test_ball_is_smooth_and_does_not_shrink(spacing):
    spacing, radius = np.array(spacing), 12.0
    points = np.stack(np.meshgrid(*[np.arange(-15, 15 + s, s) for s in spacing], indexing="ij"), axis=-1)
    ball = Volume(np.linalg.norm(points, axis=-1) <= radius, np.diag([*spacing, 1]))
    mesh, rough = surface_of(ball), surface_of(ball, iterations=0)
    assert mesh.volume_ml == pytest.approx(ball.voxels.sum() * ball.voxel_volume_mm3 / 1000, rel=0.005)
    shifts = np.linalg.norm(mesh.vertices - rough.vertices, axis=1)
    assert 0.05 < shifts.max() <= 0.35 * spacing.max() + 1e-6
    distances = np.linalg.norm(mesh.vertices - 15, axis=1)
    assert np.abs(distances - radius).max() < 0.5 * spacing.max()
    assert slope_error(mesh) < 0.4 * slope_error(rough)


def slope_error(mesh: Mesh) -> float:
    """Root mean square of the angle between the faces and the sphere about (15, 15, 15), in degrees: the stairs."""
    faces = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    outward = faces.triangles_center - 15
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    angles = np.degrees(np.arccos(np.clip((faces.face_normals * outward).sum(axis=1), -1, 1)))
    return np.sqrt(np.average(angles**2, weights=faces.area_faces))


def test_mesh_lies_on_an_oblique_implant():
    case = head(spacing=(1.0, 1.2, 2.0), directions=OBLIQUE)
    mesh = surface_of(case.implant)
    assert_printable(mesh)
    center = case.implant.to_ras(np.argwhere(case.implant.voxels)).mean(axis=0)
    np.testing.assert_allclose(mesh.vertices.mean(axis=0), center, atol=1.0)
    assert mesh.volume_ml == pytest.approx(case.implant.voxels.sum() * 2.4 / 1000, rel=0.01)


def test_the_surface_of_a_part_far_from_the_origin_is_the_same():
    mask = np.random.default_rng(0).random((9, 8, 7)) > 0.3
    far = np.eye(4)
    far[:3, 3] = (3000, -4000, 5000)
    here, there = surface_of(Volume(mask, np.eye(4))), surface_of(Volume(mask, far))
    np.testing.assert_allclose(there.vertices - far[:3, 3], here.vertices, atol=1e-9)
    np.testing.assert_array_equal(there.faces, here.faces)


def test_an_empty_mask_is_refused():
    with pytest.raises(InputError, match="empty"):
        surface_of(Volume(np.zeros((3, 3, 3)), np.eye(4)))
