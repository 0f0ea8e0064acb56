"""Meshes keep their position in STL and 3MF files, which carry their unit and the safety notice."""

import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pytest
import trimesh
from phantoms import head

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_formats.glb_files import write_glb
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume


def test_stl_is_in_lps_and_says_so(tmp_path):
    mesh = surface_of(head(spacing=(3.0, 3.0, 3.0)).implant)
    write_stl(mesh, tmp_path / "implant.stl")
    header = (tmp_path / "implant.stl").read_bytes()[:80]
    assert b"SPACE=LPS" in header
    assert b"mm. " in header
    assert RESEARCH_USE_NOTICE.encode() in header
    read = trimesh.load_mesh(tmp_path / "implant.stl")
    assert read.is_watertight
    assert read.volume == pytest.approx(mesh.volume_ml * 1000, rel=1e-4)
    np.testing.assert_allclose(read.bounds, np.sort(mesh.vertices * [-1, -1, 1], axis=0)[[0, -1]], atol=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["implant.stl"]


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize("case", [None, CaseMark("Case <7>", "0123abcd" * 8)])
def test_the_stl_header_has_80_bytes_names_the_input_and_warns_of_a_preview(tmp_path, preview, case):
    mesh = surface_of(Volume(np.ones((3, 3, 3)), np.eye(4)))
    write_stl(mesh, tmp_path / "implant.stl", preview=preview, case=case)
    content = (tmp_path / "implant.stl").read_bytes()
    assert len(content) == 80 + 4 + 50 * len(mesh.faces)
    assert int.from_bytes(content[80:84], "little") == len(mesh.faces)
    assert content[:80].rstrip(b"\0").endswith(f"{RESEARCH_USE_NOTICE} SPACE=LPS".encode())
    assert (b"PREVIEW" in content[:80]) == preview
    assert (b"0123abcd" in content[:80]) == (case is not None)


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


def test_3mf_holds_the_mesh_in_millimeters(tmp_path):
    mesh = surface_of(head(spacing=(3.0, 3.0, 3.0)).implant)
    write_3mf({"Implant": mesh}, tmp_path / "implant.3mf", case=CaseMark("Case <7>", "0123abcd" * 8))
    with zipfile.ZipFile(tmp_path / "implant.3mf") as archive:
        model = ET.fromstring(archive.read("3D/3dmodel.model"))
        assert {"[Content_Types].xml", "_rels/.rels"} < set(archive.namelist())
    space = {"m": "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"}
    assert model.get("unit") == "millimeter"
    assert RESEARCH_USE_NOTICE in model.find("m:metadata[@name='Description']", space).text
    said = model.find("m:metadata[@name='Description']", space).text
    assert said.endswith(f"Case Case <7>, SHA-256 of its input: {'0123abcd' * 8}.")
    vertices = [[float(v.get(axis)) for axis in "xyz"] for v in model.iterfind(".//m:vertex", space)]
    faces = [[int(t.get(corner)) for corner in ("v1", "v2", "v3")] for t in model.iterfind(".//m:triangle", space)]
    np.testing.assert_allclose(vertices, mesh.vertices * [-1, -1, 1], atol=1e-4)
    np.testing.assert_array_equal(faces, mesh.faces)


def test_an_unwritable_folder_is_refused(tmp_path):
    mesh = surface_of(Volume(np.ones((3, 3, 3)), np.eye(4)))
    (tmp_path / "file").write_text("")
    for write, content in ((write_stl, mesh), (write_3mf, {"Implant": mesh}), (write_glb, {"Implant": mesh})):
        with pytest.raises(InputError, match="Cannot write"):
            write(content, tmp_path / "file" / "implant")
