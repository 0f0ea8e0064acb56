"""The pose of heads that were scanned tilted, cropped or with an upside-down header."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from CraNeXtLib import reconstruct
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.pose import (
    HeadPose,
    PoseFit,
    bundled_template,
    check_pose,
    find_pose,
    is_plausible,
    measure_fit,
    template_surface,
    upright_frame,
)
from CraNeXtLib.anatomy.head.pose_warnings import pose_warnings
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="module")
def skull():
    """The bundled skull and its implant at 2.4 mm."""
    every = (slice(None, None, 3),) * 3
    volumes = [read_volume(path) for path in (DEFECTIVE_SKULL, REFERENCE_IMPLANT)]
    return [Volume(v.voxels[every] > 0, v.affine @ np.diag([3, 3, 3, 1.0])) for v in volumes]


def turned(volume: Volume, matrix: np.ndarray) -> Volume:
    motion = np.eye(4)
    motion[:3, :3] = matrix
    return Volume(volume.voxels, motion @ volume.affine)


TURNS = {
    "tilted": Rotation.from_euler("xyz", (25, 15, -10), degrees=True).as_matrix(),
    "upside down": np.diag([1.0, 1, -1]),
    "upside down and backward": np.diag([1.0, -1, -1]),
}


@pytest.mark.parametrize("turn", ["tilted", "upside down"])
def test_an_implant_is_made_however_the_head_is_oriented(skull, turn):
    defective, implant = (turned(volume, TURNS[turn]) for volume in skull)
    result = reconstruct(defective)
    assert dice(result.implant, implant) > 0.75
    np.testing.assert_array_equal(result.implant.affine, defective.affine)
    assert bool(result.warnings) == turn.startswith("upside down")


@pytest.mark.slow
@pytest.mark.parametrize("turn", ["tilted", "upside down and backward"])
def test_the_rotation_is_found_and_undone(skull, turn):
    straight = find_pose(skull[0])
    moved = turned(skull[0], TURNS[turn])
    pose = find_pose(moved, any_way_up=turn != "tilted")
    found = pose.template_to_skull[:3, :3] @ np.linalg.inv(straight.template_to_skull[:3, :3])
    assert np.abs(found - TURNS[turn]).max() < 0.03
    again = pose.upright(moved)
    assert np.abs(again.affine[:3, :3] - skull[0].affine[:3, :3]).max() < 0.05 * skull[0].spacing.max()


@pytest.mark.slow
def test_a_wrong_distance_between_slices_and_a_scan_without_the_vertex_are_noticed(skull):
    defective = skull[0]
    assert pose_warnings(find_pose(defective), defective) == []
    stretched = Volume(defective.voxels, defective.affine @ np.diag([1, 1, 2, 1.0]))
    assert "check the voxel spacing" in " ".join(pose_warnings(find_pose(stretched), stretched))
    top = np.flatnonzero(defective.voxels.any(axis=(0, 1)))[-1]
    low = defective.crop((slice(None), slice(None), slice(0, int(top) - round(25 / defective.spacing[2]))))
    assert "of the vault lies outside the scan" in " ".join(pose_warnings(find_pose(low), low))


def fit_with(added, motion=None) -> HeadPose:
    """The template on itself, with what a function of R, A and S adds to the mask, in mm from its center, moved."""
    template, motion = bundled_template(), np.eye(4) if motion is None else motion
    every = (slice(None, None, 3),) * 3
    skull = Volume(template.voxels[every] > 0, template.affine @ np.diag([3, 3, 3, 1.0]))
    skull = on_box(skull, box_from((-50, -20, -40), np.array(skull.shape) + np.array([50, 20, 0])))
    points = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)
    center = template.to_ras((np.array([template.shape]) - 1) / 2)
    more = added(*(points - center).T).reshape(skull.shape)
    surface = bone_surface(skull.with_voxels(skull.voxels | more)).moved(motion)
    return HeadPose(motion, template, measure_fit(template_surface(template), surface, motion))


def test_the_fit_is_measured_where_the_head_lies():
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = Rotation.from_euler("y", 70, degrees=True).as_matrix(), (30, -400, 900)
    here, there = (
        fit_with(lambda r, a, s: (s < -125) & (np.abs(a) < 60) & (np.abs(r) < 200), matrix).fit
        for matrix in (np.eye(4), motion)
    )
    assert here.far_fraction > 0.2 > here.vault_far_fraction
    for name in ("distance_mm", "far_fraction", "vault_far_fraction", "stretch"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-6), name


def test_nothing_fits_where_no_head_is():
    away = np.diag([0.8, 1.0, 1.2, 1.0])
    away[2, 3] = 5000.0
    surface = template_surface(bundled_template())
    fit = measure_fit(surface, surface, away)
    assert (fit.distance_mm, fit.far_fraction, fit.vault_far_fraction) == (20.0, 1.0, 0.0)
    assert fit.stretch == pytest.approx((0.8, 1.2))


@pytest.mark.parametrize(("shift_mm", "far"), [(4.9, False), (9.0, True)])
def test_bone_within_5_mm_of_the_template_is_not_odd(shift_mm, far):
    surface, raised = template_surface(bundled_template()), np.eye(4)
    raised[2, 3] = shift_mm
    assert (measure_fit(surface, surface.moved(raised), np.eye(4)).far_fraction > 0) == far


def test_a_pose_is_plausible_if_little_of_the_vault_is_odd_and_its_size_is_an_adults():
    def pose(odd, stretch):
        return HeadPose(np.eye(4), bundled_template(), PoseFit(5.0, 0.9, odd, stretch))

    assert is_plausible(pose(0.37, (0.76, 1.32)))
    assert not is_plausible(pose(0.39, (0.76, 1.32)))
    assert not is_plausible(pose(0.0, (0.74, 1.0)))
    assert not is_plausible(pose(0.0, (1.0, 1.34)))
    check_pose(pose(0.37, (0.1, 2.0)))
    with pytest.raises(InputError, match=r"^39% of the bone around the brain"):
        check_pose(pose(0.39, (1.0, 1.0)))


def test_shoulders_in_view_are_no_reason_to_refuse():
    pose = fit_with(lambda r, a, s: (s < -125) & (np.abs(a) < 60) & (np.abs(r) < 200) & (r.round() % 40 < 20))
    assert pose.fit.far_fraction > 0.4
    assert pose.fit.vault_far_fraction < 0.1
    check_pose(pose)
    assert is_plausible(pose)


def test_what_is_no_bone_around_the_head_is_refused():
    pose = fit_with(lambda r, a, s: (np.abs(np.hypot(r, a) - 118) < 4) & (a < 60) & (s > -20))
    assert pose.fit.vault_far_fraction > 0.4
    assert not is_plausible(pose)
    with pytest.raises(InputError, match=r"% of the bone around the brain lies where no skull has bone.*a headrest"):
        check_pose(pose)


@pytest.mark.slow
def test_a_skull_with_a_headrest_is_refused(skull):
    wide = on_box(skull[0], box_from((-12, -24, 0), np.array(skull[0].shape) + np.array([12, 24, 0])))
    points = wide.to_ras(np.argwhere(np.ones(wide.shape))) - upright_frame(skull[0]).center
    distance = np.hypot(points[:, 0], points[:, 1]).reshape(wide.shape)
    behind = (-points[:, 1] > 0.4 * np.abs(points[:, 0])).reshape(wide.shape)
    with pytest.raises(InputError, match="headrest"):
        reconstruct(wide.with_voxels(wide.voxels | ((distance > 112) & (distance < 122) & behind)))


def test_a_nearly_upright_head_is_not_rotated(skull):
    assert find_pose(skull[0]).upright(skull[0]) is skull[0]


@pytest.mark.slow
@pytest.mark.parametrize(("angle_deg", "turned_back"), [(20, False), (70, True)])
def test_the_similarity_of_a_pose_lies_on_the_upright_skull_without_its_stretch(angle_deg, turned_back):
    template = Volume(np.ones((5, 7, 9), np.uint8), np.diag([2.0, 2, 2, 1]))
    rotation = Rotation.from_euler("y", angle_deg, degrees=True).as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3] = rotation @ np.diag([0.8, 1.0, 1.25])  # of the same volume
    matrix[:3, 3] = 3, -20, 40
    pose = HeadPose(matrix, template, PoseFit(4.0, 0.1, 0.1, (0.8, 1.25)))
    similarity = pose.similarity.matrix
    np.testing.assert_allclose(similarity[:3, :3], np.eye(3) if turned_back else rotation, atol=1e-6)
    skull = pose.upright(Volume(template.voxels, matrix @ template.affine))
    middle = np.array([[2.0, 3, 4]])
    np.testing.assert_allclose(pose.similarity.apply(template.to_ras(middle)), skull.to_ras(middle), atol=1e-6)


def test_landmarks_follow_the_heads_own_axes(skull):
    whole = Volume(skull[0].voxels | skull[1].voxels, skull[0].affine)
    nod = Rotation.from_euler("x", 25, degrees=True).as_matrix()
    upright, nodded = upright_frame(whole), upright_frame(turned(whole, nod))
    for name in ("length", "width", "vertex"):
        assert getattr(nodded, name) == pytest.approx(getattr(upright, name), abs=3.0)
    assert np.degrees(Rotation.from_matrix(nodded.rotation @ nod @ upright.rotation.T).magnitude()) < 3


def test_a_mirrored_skull_lies_where_the_template_puts_its_other_side():
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = TURNS["tilted"] * [0.95, 1.05, 1.0], (12.0, -7.0, 30.0)
    pose = HeadPose(matrix, bundled_template(), PoseFit(0.0, 0.0, 0.0, (0.95, 1.05)))
    skull = Volume(np.ones((3, 4, 5), bool), np.diag([0.5, 0.5, 1.0, 1.0]))
    mirrored, corner = pose.mirrored(skull), np.array([[2, 1, 4]])
    here, there = (pose.to_template(volume.to_ras(corner)) for volume in (skull, mirrored))
    assert np.allclose(there, here * [-1, 1, 1])
