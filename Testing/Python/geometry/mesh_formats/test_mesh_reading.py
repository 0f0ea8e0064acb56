"""Meshes are read in the coordinates of their file, with the unit and the space that it states."""

import struct
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


def test_links_in_a_3mf_file_need_no_root_and_no_case(tmp_path):
    path = three_mf(tmp_path / "a.3mf", an_object(1), '<item objectid="1"/>')
    with zipfile.ZipFile(path) as archive:
        link, model = (archive.read(name).decode() for name in ("_rels/.rels", "3D/main.model"))
    for target, member in (
        ("3D/main.model", "3D/main.model"),
        ("./3D/Main.model", "3D/main.model"),
        ("/3D/my%20part.model", "3D/my part.model"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("_rels/.rels", link.replace("/3D/main.model", target))
            archive.writestr(member, model)
        np.testing.assert_allclose(corners(read_mesh(path).mesh), CORNERS, err_msg=target)


QUADS = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]  # of CORNERS
MIXED = [[0, 1, 3], [0, 3, 2], *QUADS[1:]]


def test_relative_corners_of_obj_count_from_their_face(tmp_path):
    """Each face has corners of its own, which precede it, as from exporters that write one face after the other."""
    lines = ["".join(f"v {x} {y} {z}\n" for x, y, z in CORNERS[face]) + "f -4 -3 -2 -1\n" for face in QUADS]
    (tmp_path / "a.obj").write_text("".join(lines))
    np.testing.assert_allclose(corners(read_mesh(tmp_path / "a.obj").mesh), CORNERS)


def test_obj_as_others_write_it(tmp_path):
    points = "".join(f"v\t{x}  {y} {z} 0.5 0.5 0.5\r\n" for x, y, z in CORNERS)
    faces = "".join(f"o part\nusemtl bone\nf {a + 1}/1/2 {b - 8}//2 \\\n {c + 1} {d + 1}/1\n" for a, b, c, d in QUADS)
    (tmp_path / "a.obj").write_text(f"mtllib absent.mtl\nvt 0 0\n{points}l 1 2\n{faces}")
    mesh = read_mesh(tmp_path / "a.obj").mesh
    np.testing.assert_allclose(corners(mesh), CORNERS)
    assert len(mesh.faces) == 12


def ply(order, polygons, count="B", index="i"):
    """Return a PLY file with normals and colors, and the faces before the corners."""
    types = {"B": "uchar", "i": "int", "H": "ushort", "I": "uint"}
    head = (
        f"ply\r\nformat {order} 1.0\r\ncomment of a test\r\nelement face {len(polygons)}\r\nproperty uchar red\r\n"
        f"property list {types[count]} {types[index]} vertex_indices\r\nelement vertex 8\r\nproperty double x\r\n"
        "property double y\r\nproperty double z\r\nproperty float32 nx\r\nend_header\n"
    )
    rows = [("B" + count + index * len(polygon), (7, len(polygon), *polygon)) for polygon in polygons]
    rows += [("dddf", (*corner, 1)) for corner in CORNERS]
    if order == "ascii":
        return (head + "".join(" ".join(map(str, values)) + "\n" for _, values in rows)).encode()
    sign = "<" if "little" in order else ">"
    return head.encode() + b"".join(struct.pack(sign + kinds, *values) for kinds, values in rows)


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("polygons", [QUADS, MIXED], ids=["quads", "mixed"])
def test_ply_as_others_write_it(tmp_path, order, polygons):
    """Blender, for one, writes quads and triangles as they are; a triangle before a quad, and one after it."""
    for faces in (polygons, polygons[::-1]):
        for types in ("Bi", "HI"):
            (tmp_path / "a.ply").write_bytes(ply(order, faces, *types))
            mesh = read_mesh(tmp_path / "a.ply").mesh
            np.testing.assert_allclose(corners(mesh), CORNERS)
            assert len(mesh.faces) == 12
    for damaged in (ply(order, polygons)[:-9], ply(order, polygons) + b" 1"):
        (tmp_path / "a.ply").write_bytes(damaged)
        with pytest.raises(InputError, match="is damaged"):
            read_mesh(tmp_path / "a.ply")


def test_polygons_of_ply_whose_sizes_cancel_out_are_not_taken_for_others(tmp_path):
    """With a triangle less and a pentagon more, the file is as long as if all faces had four corners."""
    bent = [QUADS[0], [4, 6, 7], [4, 7, 5, 1, 0], *QUADS[3:]]
    (tmp_path / "a.ply").write_bytes(ply("binary_little_endian", bent))
    mesh = read_mesh(tmp_path / "a.ply").mesh
    np.testing.assert_allclose(corners(mesh), CORNERS)
    assert mesh.volume_ml == pytest.approx(0.048)


def test_an_stl_file_of_another_length_than_it_promises_is_called_damaged(tmp_path):
    stl = BOX.export(file_type="stl")
    for content in (stl[:-60], stl + b"\0\0", stl[:80] + b"\0\0\0\0" + stl[84:]):
        (tmp_path / "a.stl").write_bytes(content)
        with pytest.raises(InputError, match=r"a\.stl cannot be read; it is damaged"):
            read_mesh(tmp_path / "a.stl")
    (tmp_path / "a.stl").write_bytes(stl[:80] + b"\0\0\0\0")
    with pytest.raises(InputError, match="holds no triangles"):
        read_mesh(tmp_path / "a.stl")


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
