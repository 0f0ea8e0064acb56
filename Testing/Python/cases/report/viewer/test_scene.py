"""The scene holds the skull, its parts and maps where they are, in the colors and between the ends of the pictures."""

import gzip
import json

import numpy as np
import pytest
from packed_meshes import unpacked
from phantoms import OBLIQUE, head

from CraNeXtLib.cases.report.viewer.scene import Legend, PaintedSurface, Scene, make_scene
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.pictures.distance_pictures import color_range, colors_of
from CraNeXtLib.pictures.skull_renderer import SkullScene

LEGENDS = {"gap_mm": Legend("Gap", "Gap in mm"), "thickness_mm": Legend("Thickness", "Thickness in mm", least_mm=2.0)}


@pytest.fixture(scope="module")
def case():
    return head(spacing=(2.5, 2.5, 2.5), thickness_mm=10, directions=OBLIQUE, holes=(((0.0, 90.0, 0.0), 25.0),))


def scene_of(case, **options) -> tuple[Scene, DistanceMap]:
    mesh = surface_of(case.implant)
    gap = DistanceMap(mesh, mesh.vertices[:, 2] / 10, "gap_mm")  # every 10 mm further up, 1 mm more
    maps = [
        gap,
        DistanceMap(mesh, np.full(len(mesh.vertices), 5.0), "thickness_mm"),
        DistanceMap(mesh, gap.values_mm, "other"),
    ]
    parts = [PaintedSurface("finished", "Finished part", mesh, maps), PaintedSurface("implant", "Implant", mesh)]
    return make_scene(
        SkullScene.of(case.defective, case.implant), parts, LEGENDS, made="finished", case_id="A-7", **options
    ), gap


def test_the_surfaces_lie_where_the_masks_are(case):
    scene, _ = scene_of(case)
    data, found = gzip.decompress(scene.meshes), {}
    for surface in scene.description["surfaces"]:
        points, faces, values, data = unpacked(surface, scene.description["code"], data)
        found[surface["key"]] = points, faces, values
    assert data == b""
    assert list(found) == ["skull", "finished", "implant"]
    for key, mask in {"skull": case.defective, "finished": case.implant}.items():
        inside = mask.to_ras(np.argwhere(mask.voxels))
        points, faces, _ = found[key]
        assert points.min(axis=0) == pytest.approx(inside.min(axis=0), abs=2.5)
        assert points.max(axis=0) == pytest.approx(inside.max(axis=0), abs=2.5)
        a, b, c = (points[faces[:, corner]] for corner in range(3))
        volume = np.einsum("ij,ij->", a, np.cross(b, c)) / 6
        assert volume == pytest.approx(mask.voxels.sum() * mask.voxel_volume_mm3, rel=0.1)
    points, _, (gaps, walls) = found["finished"]
    assert gaps == pytest.approx(points[:, 2] / 10, abs=0.02)
    assert walls == pytest.approx(5.0, abs=0.006)


def test_the_maps_have_the_colors_of_the_pictures(case):
    scene, gap = scene_of(case)
    maps = {one["key"]: one for one in scene.description["maps"]}
    assert list(maps) == ["gap_mm", "thickness_mm"]  # "other" has no legend
    one = maps["gap_mm"]
    assert (one["low"], one["high"]) == color_range(gap.values_mm)
    assert one["surface"] == "finished"
    shown = np.linspace(one["low"], one["high"], 9)
    for channel in range(3):
        interpolated = np.interp(shown, one["stops"], [color[channel] for color in one["colors"]])
        expected = colors_of(shown, one["high"], signed=one["low"] < 0)[:, channel]
        assert interpolated == pytest.approx(expected, abs=0.001)
    assert maps["thickness_mm"]["stops"][1] == 2.0


def test_what_would_be_made_is_shown_and_the_rest_hidden(case):
    scene, _ = scene_of(case, template_to_skull=np.eye(4))
    states = {surface["key"]: surface["state"] for surface in scene.description["surfaces"]}
    assert states == {"skull": "shown", "finished": "shown", "implant": "hidden", "template": "hidden"}
    assert np.dot(scene.description["facing"], (0, 1, 0)) > 0.9  # the hole is in front
    json.dumps(scene.description, allow_nan=False)


def test_two_scenes_of_the_same_case_are_equal(case):
    first, second = (scene_of(case)[0] for _ in range(2))
    assert first == second


def test_an_implant_smaller_than_a_cell_is_left_out_with_its_maps(case):
    crumb = Mesh(np.array([[0.1, 0.1, 0], [0.2, 0.1, 0], [0.1, 0.2, 0]]), np.array([[0, 1, 2]]))
    parts = [PaintedSurface("implant", "Implant", crumb, [DistanceMap(crumb, np.ones(3), "gap_mm")])]
    scene = make_scene(SkullScene.of(case.defective, case.implant), parts, LEGENDS, made="implant", case_id="A-7")
    assert [surface["key"] for surface in scene.description["surfaces"]] == ["skull"]
    assert scene.description["maps"] == []
