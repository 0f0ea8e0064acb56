"""Synthetic defects: never empty, above the base, the same for a seed whatever the grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from phantoms import head
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.datasets.synthetic_defects.cutting import MINIMUM_ML, cut_implant, make_defect
from CraNeXtLib.datasets.synthetic_defects.kinds import DEEP_KINDS, KINDS
from CraNeXtLib.datasets.synthetic_defects.shapes import REACH_MM, bent, draw_bend, draw_shape
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


def complete(spacing: float = 2.0, directions: np.ndarray | None = None) -> Volume:
    return head(spacing=(spacing,) * 3, directions=directions, thickness_mm=7, holes=()).complete


SKULL = complete()
FRAME = skull_frame(SKULL)  # a phantom is upright; where its front is, no template can tell


def demo_skull() -> Volume:
    defective, implant = (read_volume(path) for path in (DEFECTIVE_SKULL, REFERENCE_IMPLANT))
    return defective.with_voxels((defective.voxels | implant.voxels) > 0)


def coordinates(mask: Volume) -> np.ndarray:
    return mask.to_ras(np.argwhere(mask.voxels))


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


@pytest.mark.parametrize("kind", KINDS)
def test_every_defect_is_bone_of_a_useful_size_and_spares_the_base(kind):
    for seed in range(5):
        implant = make_defect(SKULL, kind, seed=seed, frame=FRAME)
        assert implant.has_geometry_of(SKULL)
        assert implant.voxels.dtype == bool
        assert not (implant.voxels & ~SKULL.voxels).any()
        volume = np.count_nonzero(implant.voxels) * SKULL.voxel_volume_mm3 / 1000
        assert MINIMUM_ML <= volume < 150
        if kind != "fronto-orbital":
            assert coordinates(implant)[:, 2].min() >= FRAME.base


@pytest.mark.parametrize("kind", [*KINDS, *DEEP_KINDS])
def test_a_seed_gives_one_defect(kind):
    first = make_defect(SKULL, kind, seed=3, frame=FRAME).voxels
    assert np.array_equal(first, make_defect(SKULL, kind, seed=3, frame=FRAME).voxels)
    assert not np.array_equal(first, make_defect(SKULL, kind, seed=4, frame=FRAME).voxels)


def test_a_generator_draws_a_new_defect_each_time():
    rng = np.random.default_rng(0)
    first, second = (make_defect(SKULL, "random-1", seed=rng, frame=FRAME).voxels for _ in range(2))
    assert not np.array_equal(first, second)


def test_the_two_random_kinds_differ_for_one_seed():
    first, second = (make_defect(SKULL, kind, seed=1, frame=FRAME).voxels for kind in ("random-1", "random-2"))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("reach_mm", "deepest_mm"), [(REACH_MM, 20.0), (25.0, 25.0)])
def test_bone_deeper_than_the_reach_stays(reach_mm, deepest_mm):
    solid = SKULL.with_voxels(np.linalg.norm(SKULL.to_ras(np.moveaxis(np.indices(SKULL.shape), 0, -1)), axis=-1) < 70)
    frame = skull_frame(solid)
    shape = replace(
        draw_shape("bilateral", frame, np.random.default_rng(0)), lowest=-np.inf, roughness=0.0, reach=reach_mm
    )
    implant = cut_implant(solid, shape, frame)
    depths = 70 - np.linalg.norm(coordinates(implant), axis=1)
    assert depths.max() == pytest.approx(deepest_mm, abs=2)  # a voxel


def test_deep_kinds_take_deep_bone_below_the_base():
    skull = demo_skull()
    skull = Volume(skull.voxels[::2, ::2, ::2], skull.affine @ np.diag([2.0, 2.0, 2.0, 1.0]))
    frame = skull_frame(skull)
    for kind, deepest_mm in (("deep-orbital", 25), ("deep-temporal", 25), ("deep-occipital", 0)):
        lost = np.concatenate([coordinates(make_defect(skull, kind, seed=seed, frame=frame)) for seed in range(4)])
        assert lost[:, 2].min() < frame.base - 5
        assert frame.depth((lost - frame.center).astype(np.float32)).max() > deepest_mm


def test_a_bent_defect_is_another_one_of_about_its_size():
    bends = [draw_bend(np.random.default_rng(2), sd_mm) for sd_mm in (0.0, 4.0)]
    shape = draw_shape("random-1", FRAME, np.random.default_rng(4))
    straight, curved = (cut_implant(SKULL, bent(shape, bend), FRAME).voxels for bend in bends)
    assert np.array_equal(straight, cut_implant(SKULL, shape, FRAME).voxels)
    assert 0.8 < dice(straight, curved) < 0.98
    points = np.random.default_rng(0).uniform(-60, 60, (1000, 3))
    moved = np.linalg.norm(bends[1](points) - points, axis=1)
    assert moved.max() <= bends[1].furthest
    assert 3 < moved.mean() < 12


@pytest.mark.parametrize("kind", ["parieto-temporal", "skullfix", "sloped-edge"])
def test_the_defect_is_the_same_on_a_turned_grid(kind):
    turned = complete(directions=np.array([[0, 0, -1], [-1, 0, 0], [0, 1, 0]]))
    implant = make_defect(turned, kind, seed=5, frame=skull_frame(turned)).voxels  # array axes: back, up, left
    assert np.array_equal(
        np.moveaxis(implant, (0, 1, 2), (1, 2, 0))[::-1, ::-1], make_defect(SKULL, kind, seed=5, frame=FRAME).voxels
    )


@pytest.mark.parametrize("kind", ["bilateral", "random-1", "skullfix"])
def test_the_defect_is_the_same_on_a_finer_grid(kind):
    coarse, fine = complete(2.0), complete(1.0)
    small, large = (make_defect(skull, kind, seed=7, frame=skull_frame(skull)) for skull in (coarse, fine))
    volumes = [np.count_nonzero(m.voxels) * m.voxel_volume_mm3 for m in (small, large)]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.05)
    assert np.abs(coordinates(small).mean(axis=0) - coordinates(large).mean(axis=0)).max() < 1.0


def test_kinds_lie_where_their_names_say():
    def middle(kind: str, seed: int) -> np.ndarray:
        return coordinates(make_defect(SKULL, kind, seed=seed, frame=FRAME)).mean(axis=0)

    for seed in range(6):
        assert middle("fronto-orbital", seed)[1] > 35
        assert abs(middle("parieto-temporal", seed)[0]) > 30
        right, _, up = middle("bilateral", seed)
        assert abs(right) < 30
        assert up > 30
        _, front, up = middle("skullfix", seed)
        assert front < 0
        assert up > 40


def test_a_non_break_through_defect_leaves_the_inner_table():
    outer, inner = halves("non-break-through", seed=0)
    assert inner < 0.2 * outer


def test_sloped_edges_make_the_outer_opening_wider():
    outer, inner = halves("sloped-edge", seed=2)
    assert outer > 1.3 * inner


def halves(kind: str, *, seed: int) -> tuple[int, int]:
    """Count the voxels of an implant in the outer and in the inner half of the bone."""
    fine = complete(1.0)
    implant = make_defect(fine, kind, seed=seed, frame=skull_frame(fine))
    radius = np.linalg.norm(coordinates(implant) / [71.5, 91.5, 71.5], axis=1)
    return np.count_nonzero(radius > 1), np.count_nonzero(radius < 1)


def test_bone_residue_leaves_islands_or_peninsulas():
    from scipy.ndimage import binary_fill_holes

    filled = 0
    for seed in range(6):
        implant = make_defect(SKULL, "bone-residue", seed=seed, frame=FRAME).voxels.any(axis=2)
        filled += np.count_nonzero(binary_fill_holes(implant)) - np.count_nonzero(implant)
    assert filled > 20


def test_a_skull_scanned_less_far_down_gets_the_same_defect():
    short = SKULL.crop((slice(None), slice(None), slice(24, None)))  # 48 mm less of it below
    for seed in range(4):
        whole = make_defect(SKULL, "random-2", seed=seed, frame=FRAME).voxels[:, :, 24:]
        assert dice(make_defect(short, "random-2", seed=seed, frame=skull_frame(short)).voxels, whole) > 0.98


@pytest.mark.parametrize("nodded_deg", [-25.0, 25.0])
def test_the_defect_is_the_same_on_a_nodded_head(nodded_deg):
    skull = demo_skull()
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", nodded_deg, degrees=True).as_matrix()
    nodded = Volume(skull.voxels, turn @ skull.affine)
    for kind in ("fronto-orbital", "random-1"):
        upright = make_defect(skull, kind, seed=1).voxels
        assert dice(make_defect(nodded, kind, seed=1).voxels, upright) > 0.95


def test_the_challenges_boxes_lie_along_the_scanners_directions():
    skull = demo_skull()
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", -25, degrees=True).as_matrix()
    nodded = Volume(skull.voxels, turn @ skull.affine)
    implant = make_defect(nodded, "skullfix", seed=1, frame=upright_frame(nodded))
    assert dice(implant.voxels, make_defect(skull, "skullfix", seed=1).voxels) < 0.9  # of other bone


def test_an_unknown_kind_and_an_empty_skull_are_refused():
    with pytest.raises(InputError, match="bilateral"):
        make_defect(SKULL, "cube", seed=0, frame=FRAME)
    with pytest.raises(InputError, match="whole skull"):
        make_defect(SKULL.with_voxels(np.zeros(SKULL.shape, dtype=bool)), "random-1", seed=0)


def test_a_real_skull_gets_skullfix_defects_of_the_real_size(shared):
    skull = read_volume(shared / "skullfix" / "complete" / "001.nrrd")
    coarse = Volume(skull.voxels[::4, ::4, ::3] > 0, skull.affine @ np.diag([4.0, 4.0, 3.0, 1.0]))
    frame = skull_frame(coarse)
    sizes = [
        np.count_nonzero(make_defect(coarse, "skullfix", seed=seed, frame=frame).voxels) * coarse.voxel_volume_mm3
        for seed in range(20)
    ]
    assert np.mean(sizes) / 1000 == pytest.approx(44, abs=8)  # its own implant holds 42.7 mL
