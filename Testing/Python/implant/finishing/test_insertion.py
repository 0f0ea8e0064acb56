"""The insertion path: what would collide on the way is left out, and nothing else."""

import numpy as np
import pytest
from finishing_checks import colliding
from phantoms import Head, head
from scipy import ndimage
from scipy.spatial import cKDTree

from CraNeXtLib import finish
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings, insertion
from CraNeXtLib.implant.finishing.insertion import (
    best_direction,
    collision_probe,
    directions_within,
    forbidden_on_path,
    widening_outward,
)

SPACING = (1.0, 1.0, 1.0)


def undercut_head() -> tuple[Head, np.ndarray]:
    """A head whose implant reaches 5 mm under the bone's edge on one side, so that it cannot come straight out."""
    phantom = head(spacing=SPACING, thickness_mm=8.0)
    points = phantom.implant.to_ras(np.argwhere(phantom.complete.voxels))
    direction = np.array([40.0, 20.0, 60.0]) / np.linalg.norm([40.0, 20, 60])
    radius = np.sqrt(((points / [75, 95, 75]) ** 2).sum(axis=1))
    aside = np.linalg.norm(points - (points @ direction)[:, None] * direction, axis=1)
    under = np.zeros(phantom.complete.shape, bool)
    chosen = (radius < 0.945) & (aside < 27) & (points @ direction > 0)
    under[tuple(np.argwhere(phantom.complete.voxels)[chosen].T)] = True
    implant = phantom.implant.voxels | under
    return Head(
        phantom.complete,
        phantom.complete.with_voxels(implant),
        phantom.complete.with_voxels(phantom.complete.voxels & ~implant),
    ), direction


@pytest.mark.slow
def test_an_undercut_is_removed_and_only_that():
    phantom, direction = undercut_head()
    kept = finish(phantom.implant, phantom.defective, FinishSettings(insertion="none"))
    assert colliding(kept.implant, phantom.defective, direction, deeper_than_mm=1.5) > 100
    for chosen in ("auto", tuple(direction)):
        finished = finish(phantom.implant, phantom.defective, FinishSettings(insertion=chosen))
        way = finished.pieces[0].outward_ras
        assert colliding(finished.implant, phantom.defective, way, deeper_than_mm=1.01) == 0
        assert 0.5 < finished.pieces[0].undercut_ml < 3
        assert (finished.implant.voxels & ~kept.implant.voxels).sum() < 0.005 * kept.implant.voxels.sum()
    np.testing.assert_allclose(way, direction, atol=1e-3)


def test_a_bone_far_above_the_implant_is_in_the_way_too(phantom):
    voxels = phantom.defective.voxels.copy()
    bridge = phantom.defective.to_indices(np.array([[52.0, 26.0, 74.0], [68, 34, 90]]))  # 15 to 35 mm above the implant
    low, high = np.sort(np.rint(bridge).astype(int), axis=0)
    size = np.maximum(high, 0)
    padded = np.zeros(np.maximum(voxels.shape, size + 3), bool)
    padded[tuple(slice(n) for n in voxels.shape)] = voxels
    padded[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    implant = np.zeros(padded.shape, bool)
    implant[tuple(slice(n) for n in voxels.shape)] = phantom.implant.voxels
    skull = Volume(padded, phantom.defective.affine)
    finished = finish(Volume(implant, skull.affine), skull, FinishSettings(insertion=(40.0, 20, 60)))
    assert colliding(finished.implant, skull, finished.pieces[0].outward_ras, deeper_than_mm=1.01) == 0
    assert finished.pieces[0].undercut_ml > 0.5


def test_directions_lie_on_rings_around_the_middle_which_comes_first():
    middle = np.array([0.0, 3, 4])
    directions = np.array(directions_within(middle, 30, 10))
    assert len(directions) == 1 + 6 + 12 + 18
    np.testing.assert_allclose(directions[0], middle / 5)
    angles = np.degrees(np.arccos(np.clip(directions @ middle / 5, -1, 1)))
    np.testing.assert_allclose(sorted(set(np.round(angles, 6))), [0, 10, 20, 30], atol=1e-4)


def test_the_best_direction_follows_an_inclined_shaft():
    axis = np.array([np.sin(np.deg2rad(20)), 0, np.cos(np.deg2rad(20))])
    points = np.indices((80, 80, 60)).reshape(3, -1).T - (40.0, 40, 20)
    aside = np.linalg.norm(points - (points @ axis)[:, None] * axis, axis=1)
    along = points @ axis
    bone = Volume(((aside > 12) & (np.abs(along) < 12)).reshape(80, 80, 60), np.eye(4))
    plug = bone.with_voxels(((aside < 10.5) & (np.abs(along) < 10)).reshape(80, 80, 60))
    up = np.array([0.0, 0, 1])
    probe = collision_probe(plug, bone, up, clearance_mm=0.0)
    found = best_direction(probe, up, 0.0)
    assert np.degrees(np.arccos(found @ axis)) < 6
    assert probe.undercut_ml(found, 0.0) < 0.2 * probe.undercut_ml(up, 0.0)


def test_a_probe_has_points_near_the_bone_and_fewer_points_stand_for_more(monkeypatch):
    aside = np.hypot(*(np.indices((60, 60, 20))[:2] - 30.0))
    tube = Volume(aside > 20, np.eye(4))
    core = tube.with_voxels(aside < 19)
    up = np.array([0.0, 0, 1])
    monkeypatch.setattr(insertion, "_RIM_MM", 10.0)
    probe = collision_probe(core, tube, up, clearance_mm=4.0)
    radii = np.hypot(*(probe.points[:, :2] - 30).T)
    assert 9 < radii.min() < 11.5  # 10 mm from the bone
    assert 14.5 < radii.max() < 17  # 4 mm from the bone
    monkeypatch.setattr(insertion, "_MOST_POINTS", 500)
    fewer = collision_probe(core, tube, up, clearance_mm=4.0)
    assert 300 < len(fewer.points) <= 500 < len(probe.points)
    assert len(fewer.points) * fewer.point_ml == pytest.approx(len(probe.points) * probe.point_ml, rel=0.02)


def scattered_bone() -> insertion.CollisionProbe:
    """Return a probe of 300 points below balls of bone, 2 mm in radius, that are scattered over 45 × 45 × 60 mm."""
    rng = np.random.default_rng(0)
    to_balls = cKDTree(rng.uniform((0, 0, 25), (45, 45, 60), size=(200, 3)))
    bone_mm, _ = to_balls.query(1.5 * np.moveaxis(np.indices((30, 30, 40)), 0, -1))
    volume = Volume((bone_mm - 2).astype(np.float32), np.diag([1.5, 1.5, 1.5, 1]))
    return insertion.CollisionProbe(rng.uniform((15, 15, 0), (30, 30, 20), size=(300, 3)), volume, 0.003)


def undercut_by_every_step(probe: insertion.CollisionProbe, direction: np.ndarray, clearance_mm: float) -> float:
    """Return the undercut from the distances to bone at every step of every path, in mL."""
    steps = 1.5 * np.arange(int(insertion.TRAVEL_MM / 1.5) + 1)
    path = probe.points + steps[:, None, None] * direction
    nearest = ndimage.map_coordinates(probe.bone.voxels, np.moveaxis(path, 2, 0) / 1.5, order=1, cval=1e3).min(axis=0)
    return np.clip((clearance_mm - nearest) / 1.5, 0, 1).sum() * 0.003


def test_an_undercut_is_that_of_every_step_though_far_ways_are_passed_over():
    probe = scattered_bone()
    for direction in directions_within(np.array([0.0, 0.0, 1.0]), 40, 20):
        for clearance_mm in (2.0, 0.0):
            whole_ml = undercut_by_every_step(probe, direction, clearance_mm)
            assert probe.undercut_ml(direction, clearance_mm) == pytest.approx(whole_ml)
        assert (probe.collision_mm(direction) > 0) == (whole_ml > 0)


def test_giving_up_bad_directions_early_changes_nothing(monkeypatch):
    probe = scattered_bone()
    up = np.array([0.0, 0.0, 1.0])
    found = []
    for points in (10_000, 10):
        monkeypatch.setattr(insertion, "_SHARE_POINTS", points)
        found.append(best_direction(probe, up, 0.5))
        whole_ml = undercut_by_every_step(probe, up, 0.5)
        assert probe.undercut_ml(up, 0.5) == pytest.approx(whole_ml)
    monkeypatch.setattr(insertion, "_SHARE_POINTS", 10)
    assert 0.1 < probe.undercut_ml(up, 0.5, enough_ml=0.1) < 0.14 < whole_ml
    np.testing.assert_array_equal(*found)
    costs = [probe.undercut_ml(d, 0.5) + 0.009 * (1 - d @ up) for d in directions_within(up, 50, 10)]
    assert probe.undercut_ml(found[0], 0.5) + 0.009 * (1 - found[0] @ up) <= min(costs)


class Slope(insertion.CollisionProbe):
    """A part of 1 mL that loses the less, the nearer it is removed to a direction."""

    lost_ml, along = 0.05, np.zeros(3)

    def undercut_ml(self, direction, _clearance_mm, **_options):
        return self.lost_ml * (1 - direction @ self.along)


@pytest.mark.parametrize(("along_deg", "best_deg"), [(30, 25.1), (58, 49.4), (75, 50)])
def test_a_hundredth_of_the_part_pulls_the_direction_outward_and_no_farther_than_50_degrees(along_deg, best_deg):
    """The least of 0.01 (1 - d·up) + 0.05 (1 - d·along) is along their weighted sum."""
    probe = Slope(np.zeros((1000, 3)), None, 0.001)
    turn = np.deg2rad(along_deg)
    Slope.along = np.array([np.sin(turn), 0, np.cos(turn)])
    found = best_direction(probe, np.array([0.0, 0, 1]), 0.0)
    assert np.degrees(np.arctan2(found[0], found[2])) == pytest.approx(best_deg, abs=1.0)
    assert found[2] > np.cos(np.deg2rad(50.001))


def test_what_lies_below_a_forbidden_point_or_under_bone_beyond_the_grid_is_forbidden():
    forbidden = np.full((3, 1, 5), -1.0, np.float32)
    forbidden[0, 0, 3] = 2.0
    swept = forbidden_on_path(forbidden, np.array([[False], [False], [True]]))
    assert (swept[0, 0] > 0).tolist() == [True, True, True, True, False]
    assert (swept[1, 0] < 0).all()
    assert (swept[2, 0] > 0).all()


@pytest.mark.parametrize("bevel_deg", [0, 10, 40])
def test_a_round_hole_with_vertical_walls_becomes_a_cone_of_the_bevel(bevel_deg):
    i, j, k = np.ogrid[:60, :60, :15]
    hole = np.broadcast_to(np.hypot(i - 30, j - 30) - 25 + 0 * k, (60, 60, 15)).astype(np.float32)
    cone = widening_outward(hole, bevel_deg)
    for across in (np.array([1.0, 0]), np.array([0.6, -0.8])):
        line = (30 + across * np.linspace(0, 28, 2801)[:, None]).T
        top, bottom = (
            np.argmax(ndimage.map_coordinates(cone[..., layer], line, order=1) > 0) / 100 for layer in (14, 0)
        )
        assert top == pytest.approx(25, abs=0.05)
        assert np.rad2deg(np.arctan2(top - bottom, 14)) == pytest.approx(bevel_deg, abs=1)
    assert (cone >= hole).all()
