"""The surface is closed and manifold, stays on the mask, and keeps its place in both file formats."""

import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, head

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume


def assert_printable(mesh: Mesh) -> None:
    """Closed, manifold at edges and vertices, outwards, also after a reader merged equal single-precision vertices."""
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
    centre = case.implant.to_ras(np.argwhere(case.implant.voxels)).mean(axis=0)
    np.testing.assert_allclose(mesh.vertices.mean(axis=0), centre, atol=1.0)
    assert mesh.volume_ml == pytest.approx(case.implant.voxels.sum() * 2.4 / 1000, rel=0.01)


def test_open_or_turned_mesh_is_not_watertight():
    mesh = surface_of(head(spacing=(4.0, 4.0, 4.0)).implant)
    assert not Mesh(mesh.vertices, mesh.faces[1:]).is_watertight
    turned = mesh.faces.copy()
    turned[0] = turned[0, ::-1]
    assert not Mesh(mesh.vertices, turned).is_watertight
    assert Mesh(mesh.vertices, mesh.faces[:, ::-1]).volume_ml == pytest.approx(-mesh.volume_ml)


def test_stl_is_in_lps_and_says_so(tmp_path):
    mesh = surface_of(head(spacing=(3.0, 3.0, 3.0)).implant)
    write_stl(mesh, tmp_path / "implant.stl")
    header = (tmp_path / "implant.stl").read_bytes()[:80]
    assert b"SPACE=LPS" in header
    assert b"unit mm" in header
    assert RESEARCH_USE_NOTICE.encode() in header
    read = trimesh.load_mesh(tmp_path / "implant.stl")
    assert read.is_watertight
    assert read.volume == pytest.approx(mesh.volume_ml * 1000, rel=1e-4)
    np.testing.assert_allclose(read.bounds, np.sort(mesh.vertices * [-1, -1, 1], axis=0)[[0, -1]], atol=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["implant.stl"]


def test_slicer_reads_the_stl_at_its_place(tmp_path):
    slicer = pytest.importorskip("slicer", reason="needs slicer-core")
    mesh = surface_of(head(spacing=(3.0, 3.0, 3.0)).implant)
    write_stl(mesh, tmp_path / "implant.stl")
    scene = slicer.vtkMRMLScene()
    model = scene.AddNewNodeByClass("vtkMRMLModelNode")
    storage = scene.AddNewNodeByClass("vtkMRMLModelStorageNode")
    storage.SetFileName(str(tmp_path / "implant.stl"))
    storage.SetCoordinateSystem(storage.CoordinateSystemRAS)  # what the header says must win over this
    assert storage.ReadData(model)
    bounds = np.reshape(model.GetPolyData().GetBounds(), (3, 2)).T
    np.testing.assert_allclose(bounds, [mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)], atol=1e-3)


def test_3mf_holds_the_mesh_in_millimetres(tmp_path):
    mesh = surface_of(head(spacing=(3.0, 3.0, 3.0)).implant)
    write_3mf(mesh, tmp_path / "implant.3mf")
    with zipfile.ZipFile(tmp_path / "implant.3mf") as archive:
        model = ET.fromstring(archive.read("3D/3dmodel.model"))
        assert {"[Content_Types].xml", "_rels/.rels"} < set(archive.namelist())
    space = {"m": "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"}
    assert model.get("unit") == "millimeter"
    assert RESEARCH_USE_NOTICE in model.find("m:metadata[@name='Description']", space).text
    vertices = [[float(v.get(axis)) for axis in "xyz"] for v in model.iterfind(".//m:vertex", space)]
    faces = [[int(t.get(corner)) for corner in ("v1", "v2", "v3")] for t in model.iterfind(".//m:triangle", space)]
    np.testing.assert_allclose(vertices, mesh.vertices * [-1, -1, 1], atol=1e-4)
    np.testing.assert_array_equal(faces, mesh.faces)


def test_empty_mask_and_unwritable_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="empty"):
        surface_of(Volume(np.zeros((3, 3, 3)), np.eye(4)))
    mesh = surface_of(Volume(np.ones((3, 3, 3)), np.eye(4)))
    (tmp_path / "file").write_text("")
    for write in (write_stl, write_3mf):
        with pytest.raises(InputError, match="Cannot write"):
            write(mesh, tmp_path / "file" / "implant")
