"""Meshes are read in the coordinates of their file, with the unit and the space that it states."""

import zipfile

import numpy as np
import pytest
import trimesh

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_3mf, write_stl
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.mesh_formats.mesh_reading import read_mesh
from CraNeXtLib.geometry.volume_formats import stored_volume

BOX = trimesh.creation.box((2, 4, 6), transform=trimesh.transformations.translation_matrix((10, 20, 30)))
CORNERS = np.array(sorted(map(tuple, BOX.vertices)))


def corners(mesh: Mesh) -> np.ndarray:
    assert mesh.is_watertight
    return np.array(sorted(map(tuple, mesh.vertices)))


@pytest.mark.parametrize("kind", ["stl", "stl_ascii", "ply", "ply_ascii", "obj"])
def test_every_format_gives_the_same_triangles(tmp_path, kind):
    suffix = kind.partition("_")[0]
    options = {"encoding": "ascii"} if kind == "ply_ascii" else {}
    content = BOX.export(file_type="stl_ascii" if kind == "stl_ascii" else suffix, **options)
    path = tmp_path / f"box.{suffix.upper()}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    stored = read_mesh(path)
    np.testing.assert_allclose(corners(stored.mesh), CORNERS)
    assert len(stored.mesh.faces) == 12
    assert stored.mesh.volume_ml == pytest.approx(0.048)
    assert stored.frame == MeshFrame()


@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_the_space_that_slicer_writes_into_the_header_is_read(tmp_path, space):
    note = f"3D Slicer output. SPACE={space}".encode()
    stl = BOX.export(file_type="stl")
    (tmp_path / "a.stl").write_bytes(note.ljust(80, b"\0") + stl[80:])
    (tmp_path / "b.stl").write_text(BOX.export(file_type="stl_ascii").replace("solid", f"solid {note.decode()}", 1))
    ply = BOX.export(file_type="ply")
    (tmp_path / "c.ply").write_bytes(ply.replace(b"element vertex", b"comment SPACE=%s\nelement vertex" % note[-3:], 1))
    (tmp_path / "d.obj").write_text(f"#  {note.decode()}\n\nmtllib absent.mtl\n\n" + BOX.export(file_type="obj"))
    for name in ("a.stl", "b.stl", "c.ply", "d.obj"):
        assert read_mesh(tmp_path / name).frame == MeshFrame(space=space), name


@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_what_we_write_is_read_again(tmp_path, space):
    mesh = Mesh(np.asarray(BOX.vertices), np.asarray(BOX.faces))
    write_stl(mesh, tmp_path / "a.stl", space=space)
    stored = read_mesh(tmp_path / "a.stl")
    assert stored.frame.space == space
    signs = (-1, -1, 1) if space == "LPS" else (1, 1, 1)
    np.testing.assert_allclose(corners(Mesh(stored.mesh.vertices * signs, stored.mesh.faces)), CORNERS)
    write_3mf({"Bone": mesh, 'My "implant"': mesh}, tmp_path / "a.3mf", space=space)
    stored = read_mesh(tmp_path / "a.3mf", part='My "implant"')
    assert stored.frame == MeshFrame("millimeter", space)
    np.testing.assert_allclose(corners(Mesh(stored.mesh.vertices * signs, stored.mesh.faces)), CORNERS)


def three_mf(path, objects, items, unit="inch", **members):
    core = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
    production = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
    model = (
        f'<model {unit and f"unit={chr(34)}{unit}{chr(34)}"} xmlns="{core}" xmlns:p="{production}"><resources>{{}}'
        "</resources><build>{}</build></model>"
    )
    link = '<Relationships><Relationship Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel" '
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_rels/.rels", f'{link}Target="/3D/main.model"/></Relationships>')
        for name, inner in members.items():
            archive.writestr(f"3D/{name}.model", model.format(inner, ""))
        archive.writestr("3D/main.model", model.format(objects, items))
    return path


def an_object(number, name=""):
    points = "".join(f'<vertex x="{x}" y="{y}" z="{z}"/>' for x, y, z in BOX.vertices)
    faces = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in BOX.faces)
    called = f' name="{name}"' if name else ""
    return (
        f'<object id="{number}" type="model"{called}><mesh><vertices>{points}</vertices><triangles>{faces}</triangles>'
        "</mesh></object>"
    )


def test_parts_of_3mf_are_chosen_by_name_and_stand_where_the_build_puts_them(tmp_path):
    turned = "0 1 0 -1 0 0 0 0 1 100 0 0"  # x, y, z -> 100 - y, x, z
    inside = '<object id="3" name="Bone"><components><component objectid="1" transform="1 0 0 0 1 0 0 0 1 0 0 5"/>'
    inside += '<component objectid="7" p:path="/3D/other.model"/></components></object>'
    items = f'<item objectid="3" transform="{turned}"/><item objectid="2"/>'
    objects = an_object(1) + an_object(2, "Implant") + inside
    path = three_mf(tmp_path / "a.3mf", objects, items, other=an_object(7))
    stored = read_mesh(path, part="implant")
    assert stored.frame == MeshFrame(unit="inch")
    np.testing.assert_allclose(corners(stored.mesh), CORNERS)
    bone = read_mesh(path, part="Bone").mesh
    low, high = bone.vertices.min(axis=0), bone.vertices.max(axis=0)
    np.testing.assert_allclose([low, high], [(78, 9, 27), (82, 11, 38)])
    assert len(read_mesh(path, part="Bone,Implant").mesh.faces) == 36
    with pytest.raises(InputError, match=r"several parts; choose one with --segment: 'Bone', 'Implant'"):
        read_mesh(path)
    with pytest.raises(InputError, match=r"no part 'Femur'; choose one with --implant-segment: 'Bone', 'Implant'"):
        read_mesh(path, part="Femur", option="--implant-segment")
    assert read_mesh(three_mf(tmp_path / "b.3mf", an_object(1), '<item objectid="1"/>', unit="")).frame.unit == (
        "millimeter"
    )


def test_faces_that_are_a_line_or_there_twice_are_left_out(tmp_path):
    faces = np.vstack([BOX.faces, BOX.faces[:1], [[0, 1, 1]]])
    stl = trimesh.Trimesh(BOX.vertices, faces, process=False).export(file_type="stl")
    (tmp_path / "a.stl").write_bytes(stl)
    mesh = read_mesh(tmp_path / "a.stl").mesh
    assert (len(mesh.vertices), len(mesh.faces)) == (8, 12)


def test_damaged_and_other_files_are_refused_by_name(tmp_path, monkeypatch):
    stl, ply = BOX.export(file_type="stl"), BOX.export(file_type="ply")
    recursive = '<object id="1"><components><component objectid="1"/></components></object>'
    bad = {
        "empty.stl": b"",
        "text.stl": b"hello",
        "cut.stl": stl[:-60],
        "cut.ply": ply[:-60],
        "nan.stl": stl[:96] + np.float32(np.nan).tobytes() + stl[100:],
        "none.obj": b"# nothing\n",
        "corner.obj": b"v 1 2 3\nv 1 2 4\nv 2 2 3\nf 1 2 9\n",
        "points.obj": b"v 1 2 3\nv 1 2 4\n",
        "zip.3mf": b"PK nothing",
        "head.glb": b"glTF",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    doubled = "".join(
        f'<object id="{number}"><components>{f"""<component objectid="{number - 1}"/>""" * 2}</components></object>'
        for number in range(2, 20)
    )
    three_mf(tmp_path / "doubled.3mf", an_object(1) + doubled, '<item objectid="19"/>')  # 3 million triangles
    three_mf(tmp_path / "corner.3mf", an_object(1).replace('v1="7"', 'v1="8"'), '<item objectid="1"/>')
    three_mf(tmp_path / "negative.3mf", an_object(1).replace('v1="7"', 'v1="-1"'), '<item objectid="1"/>')
    three_mf(tmp_path / "endless.3mf", recursive, '<item objectid="1"/>')
    three_mf(tmp_path / "lost.3mf", an_object(1), '<item objectid="2"/>')
    three_mf(tmp_path / "nothing.3mf", an_object(1), "")
    for name in [*bad, "corner.3mf", "negative.3mf", "endless.3mf", "lost.3mf", "nothing.3mf", "absent.stl"]:
        with pytest.raises(InputError, match=name):
            read_mesh(tmp_path / name)
    (tmp_path / "whole.stl").write_bytes(stl)
    monkeypatch.setattr(stored_volume, "MOST_BYTES", 16 * 600)
    with pytest.raises(InputError, match=r"whole.stl is too large: .* save them as binary STL or PLY"):
        read_mesh(tmp_path / "whole.stl")
    monkeypatch.setattr(stored_volume, "MOST_BYTES", 16 * 50_000)
    with pytest.raises(InputError, match=r"doubled\.3mf is too large"):
        read_mesh(tmp_path / "doubled.3mf")
    monkeypatch.setattr(stored_volume, "MOST_BYTES", 16 * 600)
    three_mf(tmp_path / "large.3mf", an_object(1), '<item objectid="1"/>')
    with pytest.raises(InputError, match=r"large\.3mf is too large"):
        read_mesh(tmp_path / "large.3mf")
    monkeypatch.undo()
    with pytest.raises(InputError, match="no named parts; leave out --segment"):
        read_mesh(tmp_path / "whole.stl", part="Skull")
