"""Molds from file to files, by the command line."""

import json

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, head

from CraNeXtLib.cli import main
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import volume_hash, write_volume
from CraNeXtLib.pictures.mold_pictures import MOLD_PICTURES

FILES = {"mold.3mf", "mold.json", "mold_inner.stl", "mold_outer.stl", "molded_part.stl", *MOLD_PICTURES}
WAY = (40.0, 20.0, 60.0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    phantom = head(directions=OBLIQUE, holes=((WAY, 13.0),), thickness_mm=8.0)
    folder = tmp_path_factory.mktemp("files")
    write_volume(phantom.defective, folder / "skull.nrrd")
    part = surface_of(phantom.implant)
    write_stl(part, folder / "part.stl")
    return folder / "part.stl", folder / "skull.nrrd", part


def mold(part, skull, out, *options):
    return main([str(a) for a in ("mold", part, "--skull", skull, "--out", out, "--opening=40,20,60", *options)])


def test_the_command_writes_halves_around_the_part(files, tmp_path, capsys):
    part, skull, mesh = files
    out = tmp_path / "out"
    assert mold(part, skull, out, "--undercut-mm", 1, "--case-id", "A7") == 0
    printed = capsys.readouterr().out
    assert RESEARCH_USE_NOTICE in printed
    assert "come apart without collision" in printed
    assert {path.name for path in out.iterdir()} == FILES
    result = json.loads((out / "mold.json").read_text())
    assert set(result["files"]) == FILES
    assert result["input"]["part"] == {"path": "part.stl", "sha256": volume_hash(part)}
    assert result["case_id"] == "A7"
    assert result["validated_clinically"] is False
    assert result["mold"]["check"]["passed"] is True
    assert result["mold"]["opening_ras"] == pytest.approx(np.array(WAY) / np.linalg.norm(WAY), abs=1e-4)
    assert result["mold"]["material_ml"]["part"] == pytest.approx(mesh.volume_ml, rel=0.02)
    halves = [trimesh.load_mesh(out / f"mold_{side}.stl") for side in ("outer", "inner")]
    in_lps = mesh.vertices * [-1, -1, 1]
    for half in halves:
        assert half.is_watertight
        assert (half.bounds[0] < in_lps.max(axis=0)).all()
        assert (half.bounds[1] > in_lps.min(axis=0)).all()
    way = np.array(WAY) * [-1, -1, 1] / np.linalg.norm(WAY)
    assert (halves[0].vertices @ way).max() > (halves[1].vertices @ way).max()
    assert RESEARCH_USE_NOTICE.encode() in (out / "mold_outer.stl").read_bytes()[:80]

    assert result["mold"]["pieces"] == {"outer": 1, "inner": 1}
    assert mold(part, skull, out) == 2
    assert "already holds a mold" in capsys.readouterr().err


def test_what_cannot_be_molded_is_refused_and_nothing_is_written(files, tmp_path, capsys):
    part, skull, mesh = files
    two = Mesh(np.vstack([mesh.vertices, mesh.vertices + 60]), np.vstack([mesh.faces, mesh.faces + len(mesh.vertices)]))
    write_stl(two, tmp_path / "two.stl")
    for path, options, words in (
        (tmp_path / "two.stl", (), "two.stl holds 2 bodies"),
        (skull, (), "skull.nrrd is not a mesh file"),
        (part, ("--keys", 1), "mold setting keys must be a whole number from 2 to 8, not 1"),
        (part, ("--undercut-mm", 0), "the part is undercut by"),
        (part, ("--build-mm", 10, 200, 200), "build volume must be three lengths from 50 to 2000 mm"),
    ):
        assert mold(path, skull, tmp_path / "out", *options) == 2
        assert words in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
