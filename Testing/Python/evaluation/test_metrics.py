"""The metrics against their plain definitions, known answers, and changes that must not matter."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_metrics import blob, plain_border_dice, plain_dice, plain_distances, turn, volumes
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import metrics
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume_files import read_volume

sizes = st.tuples(*[st.integers(3, 12)] * 3)
# As written in headers: the last bits of others tell where the distance is that of a step, and are rounded away.
spacings = st.tuples(*[st.floats(0.2, 3).map(lambda spacing: round(spacing, 6))] * 3)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=sizes,
    spacing=spacings,
    distance=st.floats(0.5, 12).map(lambda d: round(d, 6)),
)
def test_equals_the_plain_definitions_on_random_volumes(seed, shape, spacing, distance):
    rng = np.random.default_rng(seed)
    p, g = blob(rng, shape), blob(rng, shape)
    skull = rng.random(shape) < 0.1
    skull[0, 0, 0] = True
    for units, sampling in (("mm", np.array(spacing)), ("voxels", np.ones(3))):
        prediction, reference, defective = volumes(p, g, skull, spacing=spacing)
        distances = metrics.surface_distances(prediction, reference, units=units)
        pooled = plain_distances(p, g, sampling)
        assert distances.hausdorff == pytest.approx(pooled.max(), abs=1e-9)
        assert distances.percentile(95) == pytest.approx(np.percentile(pooled, 95), abs=1e-9)
        assert distances.mean == pytest.approx(pooled.mean(), abs=1e-9)
        near = ndimage.distance_transform_edt(~skull, sampling=sampling) <= distance
        if (near & (p | g)).any():
            ours = metrics.border_dice(prediction, reference, defective, distance=distance, units=units)
            assert ours == pytest.approx(plain_border_dice(p, g, skull, sampling, distance), abs=1e-9)
    assert metrics.dice(prediction, reference) == pytest.approx(plain_dice(p, g), abs=1e-12)


def test_border_at_exactly_the_distance_follows_the_distance_transform():
    # At 0.4 mm the step (24, 7, 0) is 10.000000000000002 mm and (25, 0, 0) is 10 mm: the same but for rounding.
    skull, p, g = np.zeros((3, 40, 60, 5), dtype=bool)
    skull[5, 5, 2] = skull[5, 30, 2] = True
    p[29, 12, 2] = p[29, 55, 2] = p[29, 23, 2] = p[30, 30, 2] = True
    g[30, 5, 2] = p[30, 5, 2] = True
    prediction, reference, defective = volumes(p, g, skull, spacing=(0.4, 0.4, 0.4))
    assert metrics.border_dice(prediction, reference, defective) == plain_border_dice(p, g, skull, (0.4,) * 3, 10)
    assert metrics.border_dice(prediction, reference, defective) == pytest.approx(2 / 3)


def test_counts_and_rates():
    p, g = np.zeros((2, 10, 10, 10), dtype=bool)
    p[2:6, 2:6, 2:6] = True
    g[3:6, 2:6, 2:7] = True
    counts = metrics.confusion(*volumes(p, g, spacing=(2, 1, 0.5)))
    assert (counts.true_positive, counts.false_positive, counts.false_negative) == (48, 16, 12)
    assert counts.fnr == 12 / 60
    assert counts.fpr == 16 / (1000 - 60)
    assert counts.precision == 48 / 64
    assert counts.false_positive_ml == pytest.approx(0.016)
    assert counts.false_negative_ml == pytest.approx(0.012)
    assert counts.field_of_view_ml == pytest.approx(1.0)


def test_shifted_cube():
    p, g = np.zeros((2, 20, 20, 20), dtype=bool)
    g[5:11, 5:11, 5:11] = True
    p[8:14, 5:11, 5:11] = True
    prediction, reference = volumes(p, g, spacing=(0.5, 1, 1))
    assert metrics.dice(prediction, reference) == 0.5
    assert metrics.surface_distances(prediction, reference).hausdorff == pytest.approx(1.5)
    assert metrics.surface_distances(prediction, reference, units="voxels").hausdorff == pytest.approx(3)


@pytest.mark.parametrize("axis", range(3))
def test_one_voxel_of_one_millimeter_in_an_oblique_volume(axis):
    from scipy.spatial.transform import Rotation

    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", [20, -15, 35], degrees=True).as_matrix()
    affine[:3, 3] = -40, 17, 3
    g = np.zeros((24, 24, 24), dtype=bool)
    g[6:16, 7:17, 8:16] = True
    prediction, reference = volumes(np.roll(g, 1, axis), g, affine=affine)
    distances = metrics.surface_distances(prediction, reference)
    assert distances.hausdorff == pytest.approx(1, abs=1e-9)
    assert distances.percentile(95) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("permutation", itertools.permutations(range(3)))
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (1, -1, -1)])
def test_turning_the_array_with_its_affine_changes_nothing(permutation, flips):
    rng = np.random.default_rng(7)
    spacing = (0.4, 0.7, 1.1)
    p, g, skull = blob(rng, (14, 12, 10)), blob(rng, (14, 12, 10)), rng.random((14, 12, 10)) < 0.05

    def measure(p, g, skull):
        return [
            metrics.dice(p, g),
            metrics.border_dice(p, g, skull, distance=1.5),
            metrics.surface_distances(p, g).hausdorff,
            metrics.surface_distances(p, g).percentile(95),
            metrics.surface_distances(p, g).mean,
        ]

    straight = volumes(p, g, skull, spacing=spacing)
    turned = [turn(volume, permutation, flips) for volume in straight]
    np.testing.assert_allclose(measure(*turned), measure(*straight), rtol=0, atol=1e-9)


def test_empty_implants_are_counted():
    full, none = np.ones((4, 4, 4), dtype=bool), np.zeros((4, 4, 4), dtype=bool)
    empty, implant = volumes(none, full)
    for prediction, reference in ((empty, implant), (implant, empty)):
        assert metrics.dice(prediction, reference) == 0
        assert metrics.border_dice(prediction, reference, implant) == 0
        distances = metrics.surface_distances(prediction, reference)
        assert (distances.hausdorff, distances.percentile(95), distances.mean) == (np.inf,) * 3
    assert metrics.dice(empty, empty) == 1
    assert metrics.border_dice(empty, empty, implant) == 1
    assert metrics.surface_distances(empty, empty).hausdorff == 0
    assert metrics.confusion(empty, empty).precision == 1
    assert metrics.confusion(empty, implant).precision == 0
    assert metrics.confusion(empty, empty).fnr == 0


def test_empty_implants_as_the_organizers_count_them():
    empty, implant = volumes(np.zeros((4, 4, 4), dtype=bool), np.ones((4, 4, 4), dtype=bool))
    assert metrics.dice(empty, empty, empty="organisers") == 0
    with pytest.raises(InputError, match="empty"):
        metrics.surface_distances(empty, implant, empty="organisers")


def test_numbers_are_masks_too():
    p = np.zeros((6, 6, 6), dtype=np.int16)
    p[1:4, 1:4, 1:4] = 7
    prediction, reference = volumes(p, p > 0)
    assert metrics.dice(prediction, reference) == 1


def test_refuses_what_cannot_be_compared():
    implant, other = np.ones((4, 4, 4), dtype=bool), np.ones((4, 4, 5), dtype=bool)
    with pytest.raises(InputError, match="one grid"):
        metrics.dice(*volumes(implant), *volumes(other))
    with pytest.raises(InputError, match="one grid"):
        metrics.dice(*volumes(implant), *volumes(implant, spacing=(1, 1, 2)))
    sheared = np.eye(4)
    sheared[0, 1] = 0.2
    with pytest.raises(InputError, match="right angles"):
        metrics.surface_distances(*volumes(implant, implant, affine=sheared))
    with pytest.raises(InputError, match="skull is empty"):
        metrics.border_dice(*volumes(implant, implant, np.zeros_like(implant)))


@pytest.mark.slow
def test_real_case_equals_the_plain_distance_transform(shared):
    reference, complete = (read_volume(shared / "skullfix" / kind / "001.nrrd") for kind in ("implant", "complete"))
    reference = reference.with_voxels(reference.voxels > 0)
    defective = complete.with_voxels((complete.voxels > 0) & ~reference.voxels)
    prediction = reference.with_voxels(np.roll(reference.voxels, (3, -2, 2), axis=(0, 1, 2)) & ~defective.voxels)

    # The definition on a box with 12 mm around the implants: wide enough to be exact, small enough to be quick.
    p, g, skull, spacing = prediction.voxels, reference.voxels, defective.voxels, reference.spacing
    box = foreground_box(p | g, margin=tuple(np.ceil(12 / spacing).astype(int)))
    p, g, skull = p[box], g[box], skull[box]
    edges = [x ^ ndimage.binary_erosion(x) for x in (p, g)]
    to_edge = [ndimage.distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    pooled = np.concatenate([to_edge[1][edges[0]], to_edge[0][edges[1]]])
    distances = metrics.surface_distances(prediction, reference)
    assert distances.hausdorff == pytest.approx(pooled.max(), abs=1e-9)
    assert distances.percentile(95) == pytest.approx(np.percentile(pooled, 95), abs=1e-9)
    assert metrics.dice(prediction, reference) == plain_dice(p, g)
    assert metrics.border_dice(prediction, reference, defective) == plain_border_dice(p, g, skull, spacing, 10)
