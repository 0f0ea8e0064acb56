"""Skulls drawn from their occupancy: their size, their colors, their light and their hollows."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from pixel_colors import hue_is

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.palette import BONE, IMPLANT
from CraNeXtLib.pictures.skull_renderer import SkullScene, render_skull

FRONT, TOP = (Camera.looking_from(np.array(side)) for side in ([0.0, 1, 0], [0.0, 0, 1]))
HOLE_IN_FRONT = (((0.0, 90.0, 0.0), 25.0),)


def drawn(picture: np.ndarray) -> np.ndarray:
    return (picture < 255).any(axis=-1)


@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE], ids=["upright", "oblique"])
def test_a_skull_is_drawn_in_its_size_in_the_middle(directions):
    case = head(spacing=(1.5, 2.0, 2.5), directions=directions, holes=())
    scene = SkullScene.of(case.defective, case.implant)
    for camera, size_mm in ((FRONT, (150, 150)), (TOP, (190, 150))):
        rows, columns = np.nonzero(drawn(render_skull(scene, camera, (110, 120), 2.0)))
        assert (2 * np.ptp(rows), 2 * np.ptp(columns)) == pytest.approx(size_mm, abs=5)
        assert (rows.mean(), columns.mean()) == pytest.approx((54.5, 59.5), abs=0.7)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_surface_faces_outward_in_any_handedness(sign):
    case = head(spacing=(4.0, 4.0, 4.0), directions=np.diag([sign, 1, 1]), thickness_mm=12, holes=())
    surface = SkullScene.of(case.defective, case.implant).surface
    assert surface.volume_ml == pytest.approx(case.complete.voxels.sum() * 0.064, rel=0.05)


def test_the_surface_of_the_skull_alone_has_the_hole():
    case = head(spacing=(3.0, 3.0, 3.0), directions=OBLIQUE, thickness_mm=9, holes=HOLE_IN_FRONT)
    nothing = case.implant.with_voxels(np.zeros(case.implant.shape, bool))
    alone = SkullScene.of(case.defective, case.implant).skull_surface
    whole = SkullScene.of(case.defective, nothing).surface
    assert alone.volume_ml == pytest.approx(whole.volume_ml, rel=1e-6)
    assert len(alone.faces) == len(whole.faces)


def test_a_skull_is_lit_from_the_upper_left():
    case = head(holes=())
    picture = render_skull(SkullScene.of(case.defective, case.implant), FRONT, (100, 100), 2.0).astype(float)
    quarters = [half for rows in np.split(picture, 2) for half in np.split(rows, 2, axis=1)]
    upper_left, upper_right, lower_left, lower_right = (quarter[drawn(quarter)].mean() for quarter in quarters)
    assert upper_left > 1.3 * lower_right
    assert upper_left > upper_right > lower_left > lower_right > 60


def test_the_implant_has_its_own_color_and_bone_keeps_its_own():
    case = head(holes=HOLE_IN_FRONT)
    picture = render_skull(SkullScene.of(case.defective, case.implant), FRONT, (100, 100), 2.0).astype(float)
    row, column = np.argwhere(hue_is(picture, IMPLANT)).mean(axis=0)
    assert (row, column) == pytest.approx((49.5, 49.5), abs=1)
    assert hue_is(picture, IMPLANT).sum() * 2.0**2 == pytest.approx(np.pi * 25**2, rel=0.15)
    assert hue_is(picture, BONE).sum() > 3 * hue_is(picture, IMPLANT).sum()


def test_the_inside_of_the_head_is_dark_beside_the_edge_of_a_hole():
    case = head(holes=HOLE_IN_FRONT)
    nothing = case.implant.with_voxels(np.zeros(case.implant.shape, bool))
    open_hole = render_skull(SkullScene.of(case.defective, nothing), FRONT, (100, 100), 2.0).astype(float)
    closed = render_skull(SkullScene.of(case.complete, nothing), FRONT, (100, 100), 2.0).astype(float)
    beside = np.abs(np.hypot(*np.mgrid[-49.5:50.5, -49.5:50.5]) - 8) < 1.5  # the hole's radius is 12.5 pixels
    assert open_hole[beside].mean() < 0.5 * closed[beside].mean()


def test_the_direction_of_the_implant_points_from_the_middle_of_the_head_to_it():
    scene = SkullScene.of(*(getattr(head(holes=HOLE_IN_FRONT), name) for name in ("defective", "implant")))
    np.testing.assert_allclose(scene.implant_direction, [0, 1, 0], atol=0.03)
    intact = head(holes=())
    assert SkullScene.of(intact.defective, intact.implant).implant_direction is None


def test_the_surface_has_its_normals_outward_and_the_scene_the_volume_of_the_implant():
    case = head(spacing=(1.5, 2.0, 2.5), directions=OBLIQUE @ np.diag([1.0, 1.0, -1.0]), holes=HOLE_IN_FRONT)
    scene = SkullScene.of(case.defective, case.implant)
    filled = np.count_nonzero(case.complete.voxels) * case.complete.voxel_volume_mm3 / 1000
    assert scene.surface.volume_ml == pytest.approx(filled, rel=0.03)
    assert np.mean(np.sum(scene.surface.vertex_normals * scene.normals, axis=1) > 0.8) > 0.98
    implant = np.count_nonzero(case.implant.voxels) * case.implant.voxel_volume_mm3 / 1000
    assert scene.implant_ml == pytest.approx(implant, rel=1e-4)


def test_two_empty_masks_and_two_geometries_are_refused():
    case = head(spacing=(4.0, 4.0, 4.0))
    empty = case.implant.with_voxels(np.zeros(case.implant.shape, bool))
    with pytest.raises(InputError, match="empty"):
        SkullScene.of(empty, empty)
    with pytest.raises(InputError, match="geometry"):
        SkullScene.of(case.defective, case.implant.crop((slice(1, None),) * 3))
