"""Meshes of skulls and implants become masks in RAS mm; what their files do not state is asked for or told."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head import mesh_masks
from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.anatomy.head.loaded_mask import LoadedMask
from CraNeXtLib.anatomy.head.mesh_masks import read_implant_mesh, read_skull_mesh
from CraNeXtLib.anatomy.head.pose import PoseFit, bundled_template
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume

OPTION = "--implant-segment"
GRID = np.array([[-4.0, 0, 0, 62], [0, 3.9, 0.3, 80], [0, -0.3, 3.9, -60], [0, 0, 0, 1]])
"""Oblique, with the first axis to the left; the head's middle lies 160 mm in front of the origin."""


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    monkeypatch.setattr(mesh_masks, "_FINEST_MM", 3.0)
    monkeypatch.setattr(mesh_masks, "_COARSEST_MM", 4.0)


@pytest.fixture(scope="module")
def phantom():
    """A round shell with a hole on the left side in front, and what fills the hole."""
    points = (np.indices((32, 40, 32)).reshape(3, -1).T - (16, 20, 16)) * 4
    radii = np.linalg.norm(points / (56, 72, 56), axis=1).reshape(32, 40, 32)
    bone = (radii < 1) & (radii > 0.8)
    hole = np.zeros_like(bone)
    hole[20:, 24:34, 10:24] = True  # the first axis runs to the left
    return Volume(bone & ~hole, GRID), Volume(bone & hole, GRID)


def write(volume, path, *, space="", scale=1.0):
    """Write the surface of a mask in LPS, as nearly all programs do, unless a space is given."""
    mesh = surface_of(volume, iterations=0)
    write_stl(Mesh(mesh.vertices * scale, mesh.faces), path, space=space or "LPS")
    if not space:
        content = path.read_bytes()
        path.write_bytes(b"made somewhere".ljust(80) + content[80:])
    return path


def same_place(read, volume):
    """Check that a mask has the volume's bone where it was, to the voxel size of 3 mm."""
    there = read.mask.to_ras(np.argwhere(read.mask.voxels))
    here = volume.to_ras(np.argwhere(volume.voxels))
    np.testing.assert_allclose(there.mean(axis=0), here.mean(axis=0), atol=0.5)
    np.testing.assert_allclose([there.min(axis=0), there.max(axis=0)], [here.min(axis=0), here.max(axis=0)], atol=4)


@pytest.mark.parametrize("space", ["LPS", "RAS"])
def test_the_header_of_slicer_says_where_a_skull_lies(tmp_path, phantom, space):
    read = read_skull_mesh(write(phantom[0], tmp_path / "skull.stl", space=space))
    same_place(read, phantom[0])
    assert read.frame == MeshFrame("mm", space)
    assert read.warnings == ()
    np.testing.assert_allclose(read.mask.spacing, 3)


def test_the_options_count_where_the_file_states_nothing(tmp_path, phantom):
    path = write(phantom[0], tmp_path / "skull.stl", scale=0.1)
    read = read_skull_mesh(path, frame=MeshFrame("cm", "LPS"))
    same_place(read, phantom[0])
    assert read.frame == MeshFrame("cm", "LPS")
    path = write(phantom[0], path, space="RAS")
    assert read_skull_mesh(path, frame=MeshFrame(space="LPS")).frame == MeshFrame("mm", "RAS")


@pytest.mark.parametrize(
    ("scale", "advice"),
    [(0.1, "may be in cm or inch"), (0.001, "may be in m;"), (1 / 25.4, "may be in inch;"), (1000, "may be in micron")],
)
def test_a_head_in_another_unit_is_refused_with_the_option(tmp_path, phantom, scale, advice):
    path = write(phantom[0], tmp_path / "skull.stl", scale=scale)
    with pytest.raises(InputError, match=rf"skull.stl states no unit and is .*{advice}.* --mesh-unit\.$"):
        read_skull_mesh(path)


def test_without_a_word_the_head_faces_forward_and_this_is_told(tmp_path):
    template = bundled_template()
    skull = shrink(template.with_voxels(template.voxels > 0), 3.0)
    skull = skull.with_voxels(skull.voxels > 0.5)
    turned = Volume(skull.voxels, np.diag([-1.0, -1, 1, 1]) @ skull.affine)  # so that LPS is written as RAS
    read = read_skull_mesh(write(turned, tmp_path / "skull.stl"))
    same_place(read, skull)
    assert read.frame == MeshFrame("mm", "RAS")
    assert "skull.stl does not state its space; RAS was taken" in read.warnings[0]


@pytest.mark.parametrize(("in_lps", "in_ras", "space"), [(4.0, 5.0, "LPS"), (5.0, 4.0, "RAS"), (4.5, 5.0, "")])
def test_a_shape_that_does_not_tell_front_from_back_needs_the_option(
    tmp_path, phantom, monkeypatch, in_lps, in_ras, space
):
    fits = iter([in_lps, in_ras])
    monkeypatch.setattr(mesh_masks, "align_surfaces", lambda *_: Alignment(np.eye(4), 0.0))
    monkeypatch.setattr(mesh_masks, "measure_fit", lambda *_: PoseFit(next(fits), 0.1, 0.1, (1.0, 1.0)))
    path = write(phantom[0], tmp_path / "skull.stl")
    if space:
        assert read_skull_mesh(path).frame == MeshFrame("mm", space)
    else:
        with pytest.raises(InputError, match="give --mesh-space LPS or RAS"):
            read_skull_mesh(path)


def test_a_skull_too_large_for_the_memory_bound_is_refused(tmp_path, phantom, monkeypatch):
    monkeypatch.setattr(mesh_masks, "_MOST_VOXELS", 10_000)
    with pytest.raises(InputError, match=r"its box of \d+ x \d+ x \d+ mm has too many voxels"):
        read_skull_mesh(write(phantom[0], tmp_path / "skull.stl", space="LPS"))


@pytest.mark.parametrize("space", ["LPS", "RAS", ""])
def test_an_implant_gets_the_voxels_of_its_skull(tmp_path, phantom, space):
    skull, plug = phantom
    read = read_implant_mesh(write(plug, tmp_path / "plug.stl", space=space), LoadedMask(skull), option=OPTION)
    back = np.zeros(skull.shape, bool)
    back[tuple(np.round(skull.to_indices(read.mask.to_ras(np.argwhere(read.mask.voxels)))).astype(int).T)] = True
    np.testing.assert_array_equal(back, plug.voxels)
    told = "plug.stl does not state its space; LPS was taken, in which it lies in the gap of the bone. "
    told += "Check it, or give --mesh-space."
    assert read.warnings == (() if space else (told,))


def test_an_implant_follows_the_mesh_of_its_skull(tmp_path, phantom):
    skull, plug = phantom
    path = write(plug, tmp_path / "plug.stl", scale=0.1)
    read = read_implant_mesh(path, LoadedMask(skull, MeshFrame("cm", "LPS")), option=OPTION)
    assert (read.frame, read.warnings) == (MeshFrame("cm", "LPS"), ())
    assert read.mask.voxels.sum() == plug.voxels.sum()
    read = read_implant_mesh(write(plug, path, space="RAS"), LoadedMask(skull, MeshFrame("mm", "LPS")), option=OPTION)
    assert read.frame.space == "RAS"


def test_an_implant_whose_place_does_not_tell_its_space_needs_the_option(tmp_path, phantom):
    skull, plug = phantom
    away = Volume(plug.voxels, plug.affine + np.outer([0, 0, 1, 0], [0, 0, 0, 300.0]))
    path = write(away, tmp_path / "plug.stl")
    with pytest.raises(InputError, match="give --mesh-space LPS or RAS"):
        read_implant_mesh(path, LoadedMask(skull), option=OPTION)
    with pytest.raises(InputError, match="may be in cm or inch; give its unit with --mesh-unit"):
        read_implant_mesh(write(plug, path, scale=0.1), LoadedMask(skull), option=OPTION)
