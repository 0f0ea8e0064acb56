"""Algorithm 1 and SdH against plain loops, known answers, and changes that must not matter."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phantoms import OBLIQUE
from plain_metrics import blob, plain_distances, turn, volumes

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.surface_hausdorff import project_surface, projected_distances
from CraNeXtLib.geometry.affine import affine_from_axis_codes


def plain_projection(implant, skull, rays):
    """Walk every ray voxel by voxel, as Algorithm 1 is printed."""
    surface = np.zeros(implant.shape, dtype=bool)
    for axis, from_high_end in rays:
        others = [range(size) for a, size in enumerate(implant.shape) if a != axis]
        steps = range(implant.shape[axis])
        for across in itertools.product(*others):
            for step in reversed(steps) if from_high_end else steps:
                index = (*across[:axis], step, *across[axis:])
                if implant[index]:
                    surface[index] = True
                    break
                if skull[index]:
                    break
    return surface


RAYS_OF_RAS = [(0, False), (0, True), (1, False), (1, True), (2, True)]
RAYS_OF_OFFICIAL = [(0, True), (1, False), (1, True), (2, False), (2, True)]


def random_case(seed, shape):
    rng = np.random.default_rng(seed)
    return blob(rng, shape, 0.25), blob(rng, shape, 0.25), rng.random(shape) < 0.08


def distances_of_points(p, g, spacing):
    between = np.linalg.norm((p[:, None] - g[None]) * spacing, axis=-1)
    return np.concatenate([between.min(axis=1), between.min(axis=0)])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(*[st.integers(3, 10)] * 3),
    spacing=st.tuples(*[st.floats(0.2, 3)] * 3),
)
def test_equals_plain_loops_on_random_volumes(seed, shape, spacing):
    p, g, skull = random_case(seed, shape)
    prediction, reference, defective = volumes(p, g, skull, spacing=spacing)
    surfaces = [plain_projection(implant, skull, RAYS_OF_RAS) for implant in (p, g)]
    np.testing.assert_array_equal(project_surface(prediction, defective).voxels, surfaces[0])
    np.testing.assert_array_equal(project_surface(reference, defective).voxels, surfaces[1])
    if all(surface.any() for surface in surfaces):
        pooled = distances_of_points(*(np.argwhere(s) for s in surfaces), spacing)
        ours = projected_distances(prediction, reference, defective)
        assert ours.hausdorff == pytest.approx(pooled.max(), abs=1e-9)
        assert ours.percentile(95) == pytest.approx(np.percentile(pooled, 95), abs=1e-9)
        assert ours.mean == pytest.approx(pooled.mean(), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(3, 10), codes=st.sampled_from(["RAS", "LPS", "SPL"]))
def test_official_equals_the_authors_script_whatever_the_affine(seed, size, codes):
    p, g, skull = random_case(seed, (size,) * 3)
    affine = affine_from_axis_codes(codes, np.full(3, 0.4))
    prediction, reference, defective = volumes(p, g, skull, affine=affine)
    surfaces = [plain_projection(implant, skull, RAYS_OF_OFFICIAL) for implant in (p, g)]
    np.testing.assert_array_equal(project_surface(prediction, defective, axes="official").voxels, surfaces[0])
    if all(surface.any() for surface in surfaces):
        for units, spacing in (("mm", 0.4), ("voxels", 1)):
            ours = projected_distances(prediction, reference, defective, axes="official", units=units)
            assert ours.hausdorff == pytest.approx(plain_distances(*surfaces, spacing).max(), abs=1e-9)


@pytest.mark.parametrize("permutation", itertools.permutations(range(3)))
@pytest.mark.parametrize("flips", [(1, 1, 1), (1, 1, -1), (-1, -1, 1)])
def test_turning_the_array_with_its_affine_changes_nothing(permutation, flips):
    straight = volumes(*random_case(3, (14, 11, 9)), spacing=(0.5, 0.8, 1.2))
    turned = [turn(volume, permutation, flips) for volume in straight]
    expected = projected_distances(*straight)
    ours = projected_distances(*turned)
    assert ours.hausdorff == pytest.approx(expected.hausdorff, abs=1e-9)
    assert ours.mean == pytest.approx(expected.mean, abs=1e-9)
    surface = turn(project_surface(straight[0], straight[2]), permutation, flips)
    np.testing.assert_array_equal(project_surface(turned[0], turned[2]).voxels, surface.voxels)


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LPI", "SAR", "IPL", "ARI"])
def test_a_cap_is_visible_from_above_but_never_from_below(codes):
    ball = sum((x - 15) ** 2 for x in np.ogrid[:31, :31, :31])
    shell = (ball <= 13**2) & (ball > 10**2)
    high = np.arange(31) >= 22
    straight = volumes(shell & high, shell & ~high)
    flips = {"R": 1, "L": -1, "A": 1, "P": -1, "S": 1, "I": -1}
    permutation = ["RL", "AP", "SI"]
    order = [next(a for a, pair in enumerate(permutation) if code in pair) for code in codes]
    implant, skull = (turn(volume, order, [flips[code] for code in codes]) for volume in straight)
    assert implant.axis_codes == codes
    visible = implant.to_ras(np.argwhere(project_surface(implant, skull).voxels)) - 15
    assert visible[:, 2].max() == 13
    # The inner side of the cap looks down.
    assert np.linalg.norm(visible, axis=1).min() > 11.5


@pytest.mark.parametrize("axis", range(3))
def test_one_voxel_of_one_millimeter_in_an_oblique_volume(axis):
    implant, skull = np.zeros((2, 24, 24, 24), dtype=bool)
    implant[6:16, 7:17, 8:16] = True
    skull[0, 0, 0] = True
    affine = np.eye(4)
    affine[:3, :3] = OBLIQUE
    affine[:3, 3] = -40, 17, 3
    moved, reference, defective = volumes(np.roll(implant, 1, axis), implant, skull, affine=affine)
    distances = projected_distances(moved, reference, defective)
    assert distances.hausdorff == pytest.approx(1, abs=1e-7)
    assert 0 < distances.mean < 1


def test_skull_in_front_hides_the_implant():
    implant, skull = np.zeros((2, 9, 9, 9), dtype=bool)
    implant[4, 4, 4] = True
    skull[4, 4, 7] = skull[0, 4, 4] = skull[8, 4, 4] = skull[4, 0, 4] = True
    seen_from_the_front, wall = volumes(implant, skull)
    assert project_surface(seen_from_the_front, wall).voxels.sum() == 1
    skull[4, 8, 4] = True
    hidden, wall = volumes(implant, skull)
    assert not project_surface(hidden, wall).voxels.any()
    distances = projected_distances(hidden, hidden, wall)
    assert distances.agreed_empty
    assert distances.hausdorff == 0


def test_empty_prediction_is_infinitely_far():
    implant, skull = np.zeros((2, 5, 5, 5), dtype=bool)
    implant[2, 2, 2] = True
    prediction, reference, defective = volumes(np.zeros_like(implant), implant, skull)
    assert projected_distances(prediction, reference, defective).hausdorff == np.inf
    with pytest.raises(InputError, match="empty"):
        projected_distances(prediction, reference, defective, empty="organisers")
