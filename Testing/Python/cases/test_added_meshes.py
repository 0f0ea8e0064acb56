"""The bone model is a closed mesh around the implant, and viewers see the head upright, in meters."""

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, head

from CraNeXtLib import RESEARCH_USE_NOTICE
from CraNeXtLib.cases.added_meshes import AddedMeshes, write_added_meshes
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.glb_files import write_glb
from CraNeXtLib.geometry.mesh_formats.mesh_reading import read_mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.implant.bone_model import bone_around


@pytest.fixture(scope="module")
def phantom():
    return head(spacing=(3.0, 3.0, 3.0), directions=OBLIQUE)


def test_the_bone_model_is_the_bone_within_the_margin_as_one_closed_mesh(phantom, tmp_path):
    mesh = surface_of(phantom.implant)
    added = AddedMeshes(bone_model_mm=20)
    described = write_added_meshes(added, phantom.defective, phantom.implant, mesh, tmp_path, space="RAS")
    assert {path.name for path in tmp_path.iterdir()} == {"bone_model.stl", "bone_model.3mf"}
    bone = trimesh.load_mesh(tmp_path / "bone_model.stl")
    assert bone.is_watertight
    assert bone.is_winding_consistent
    assert len(bone.split(only_watertight=False)) == 1
    assert described == {
        "bone_model": {
            "margin_mm": 20,
            "base_mm": None,
            "volume_ml": pytest.approx(bone.volume / 1000, abs=0.01),
            "watertight": True,
        }
    }
    implant = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))
    far = np.linalg.norm(bone.vertices[:, None] - implant[None], axis=2).min(axis=1)
    assert 18 < far.max() < 23
    parts = {name: read_mesh(tmp_path / "bone_model.3mf", part=name).mesh for name in ("Bone", "Implant")}
    assert parts["Bone"].volume_ml == pytest.approx(bone.volume / 1000, rel=1e-3)
    np.testing.assert_allclose(parts["Implant"].vertices.mean(axis=0), mesh.vertices.mean(axis=0), atol=1e-3)


def test_the_base_and_the_skull_model_are_written_and_measured(phantom, tmp_path):
    mesh = surface_of(phantom.implant)
    added = AddedMeshes(bone_model_mm=20, bone_base_mm=5, skull_model_mm=0.5)
    arguments = (added, phantom.defective, phantom.implant, mesh, tmp_path)
    described = write_added_meshes(*arguments, space="RAS", outward=(0.0, 0.6, 0.8))
    model, skull = (trimesh.load_mesh(tmp_path / f"{name}.stl") for name in ("bone_model", "skull_model"))
    assert model.is_watertight
    assert skull.is_watertight
    heights = model.vertices @ (0.0, 0.6, 0.8)
    lowest = (surface_of(bone_around(phantom.defective, phantom.implant, 20)).vertices @ (0.0, 0.6, 0.8)).min()
    assert heights.min() == pytest.approx(lowest - 5, abs=1.6)  # half a voxel
    assert described["bone_model"]["base_mm"] == 5
    assert described["bone_model"]["volume_ml"] == pytest.approx(model.volume / 1000, abs=0.01)
    measured = described["skull_model"]
    assert measured["triangles"] == len(skull.faces) < len(surface_of(phantom.defective).faces) / 2
    assert 0.05 < measured["largest_distance_mm"] <= 0.5
    assert measured["volume_ml"] == pytest.approx(surface_of(phantom.defective).volume_ml, rel=0.03)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"bone_base_mm": 3}, "add --bone-model"),
        ({"bone_model_mm": 20, "bone_base_mm": 0.5}, "--bone-base must be a number from 1 to 50 mm"),
        ({"skull_model_mm": 3}, "--skull-model must be a number from 0.01 to 2 mm"),
        ({"skull_model_mm": float("nan")}, "--skull-model must be"),
    ],
)
def test_numbers_of_models_that_nobody_could_print_are_refused(wrong, words):
    with pytest.raises(InputError, match=words):
        AddedMeshes(**wrong)


def test_loose_bone_is_left_out_and_a_margin_without_bone_refused(phantom):
    loose = phantom.defective.voxels.copy()
    center = np.round(np.argwhere(phantom.implant.voxels).mean(axis=0) * 0.85 + np.array(loose.shape) / 2 * 0.15)
    loose[tuple(center.astype(int))] = True
    skull = phantom.defective.with_voxels(loose)
    model, clean = (bone_around(each, phantom.implant, 25) for each in (skull, phantom.defective))
    np.testing.assert_array_equal(model.voxels, clean.voxels)
    away = np.zeros(loose.shape, bool)
    away[tuple(np.array(loose.shape) // 2)] = True
    with pytest.raises(InputError, match="no bone within 10 mm of the implant; choose a larger --bone-model"):
        bone_around(phantom.defective, phantom.defective.with_voxels(away), 10)


@pytest.mark.parametrize("margin", [0, 4.9, 101, float("nan")])
def test_a_margin_out_of_range_is_refused(margin):
    with pytest.raises(InputError, match="--bone-model must be a number from 5 to 100 mm"):
        AddedMeshes(bone_model_mm=margin)


def test_viewers_see_skull_and_implant_by_name_facing_them_in_meters(tmp_path):
    box = trimesh.creation.box((20, 40, 60), transform=trimesh.transformations.translation_matrix((70, 30, 50)))
    mesh = Mesh(np.asarray(box.vertices), np.asarray(box.faces))
    write_glb({"Skull": mesh, "Implant": mesh}, tmp_path / "viewer.glb")
    content = (tmp_path / "viewer.glb").read_bytes()
    assert content[:4] == b"glTF"
    write_glb({"Skull": mesh, "Implant": mesh}, tmp_path / "again.glb")
    assert (tmp_path / "again.glb").read_bytes() == content
    assert RESEARCH_USE_NOTICE.encode() in content
    scene = trimesh.load_scene(tmp_path / "viewer.glb")
    assert set(scene.geometry) == {"Skull", "Implant"}
    low, high = scene.bounds
    np.testing.assert_allclose((low + high) / 2, (-0.07, 0.05, 0.03))  # right is -x, up is y, front is z
    np.testing.assert_allclose(high - low, (0.02, 0.06, 0.04))
    assert scene.geometry["Implant"].volume == pytest.approx(mesh.volume_ml / 1e6)


def test_the_scene_for_viewers_holds_the_skull_of_the_case(phantom, tmp_path):
    mesh = surface_of(phantom.implant)
    assert (
        write_added_meshes(AddedMeshes(glb=True), phantom.defective, phantom.implant, mesh, tmp_path, space="LPS") == {}
    )
    scene = trimesh.load_scene(tmp_path / "viewer.glb")
    np.testing.assert_allclose(scene.extents * 1000, (150, 150, 190), atol=4)
