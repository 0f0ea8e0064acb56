"""Skulls are sampled on the network's grid in RAS and restored to their own voxels."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.network_grid import NETWORK_SHAPE, make_grid
from CraNeXtLib.anatomy.head.official_grid import OfficialGrid
from CraNeXtLib.anatomy.head.ras_box_grid import RasBoxGrid, around_skull
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

SHAPE = (44, 56, 36)


def rotation(degrees: float, axis: int) -> np.ndarray:
    a, b = [other for other in range(3) if other != axis]
    matrix = np.eye(3)
    matrix[[a, b], [a, b]] = np.cos(np.radians(degrees))
    matrix[a, b], matrix[b, a] = -np.sin(np.radians(degrees)), np.sin(np.radians(degrees))
    return matrix


def head(direction: np.ndarray, spacing=(2.0, 2.0, 2.0), shape=(90, 100, 90)) -> Volume:
    """A lopsided solid, 100 × 140 × 110 mm, with a bump on its right: no symmetry hides a flip."""
    affine = np.eye(4)
    affine[:3, :3] = direction * spacing
    affine[:3, 3] = np.array([12.0, -7.0, 31.0]) - affine[:3, :3] @ (np.array(shape) - 1) / 2
    indices = np.indices(shape).reshape(3, -1).T
    r, a, s = (Volume(np.zeros(shape, bool), affine).to_ras(indices) - (12, -7, 31)).T
    solid = (r / 50) ** 2 + (a / 70) ** 2 + (s / 55) ** 2 <= 1
    bump = (r - 45) ** 2 + (a - 20) ** 2 + (s - 25) ** 2 <= 15**2
    return Volume((solid | bump).reshape(shape), affine)


def shell(top: float = 75.0) -> Volume:
    """Return an ellipsoidal skull of 150 × 190 × 150 mm whose top is cut off at some height above its middle."""
    r, a, s = (np.indices((90, 110, 90)) * 2.0 + 1 - np.array([90, 110, 90]).reshape(3, 1, 1, 1)).astype(float)
    radius = np.sqrt((r / 75) ** 2 + (a / 95) ** 2 + (s / 75) ** 2)
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = (-89, -109, -89)
    return Volume((radius < 1) & (radius > 0.9) & (s < top), affine)


ORIENTATIONS = {
    "ras": (np.eye(3), (2.0, 2.0, 2.0), (90, 100, 90)),
    "lps": (np.diag([-1.0, -1.0, 1.0]), (2.0, 2.0, 2.0), (90, 100, 90)),
    "permuted": (np.eye(3)[:, [2, 0, 1]], (2.0, 2.0, 2.0), (90, 90, 100)),
    "left-handed": (np.diag([1.0, 1.0, -1.0]), (2.0, 2.0, 2.0), (90, 100, 90)),
    "anisotropic": (np.eye(3), (1.0, 2.0, 4.0), (150, 100, 40)),
    "oblique": (rotation(15, 0) @ rotation(10, 2), (2.0, 2.0, 2.0), (90, 100, 90)),
    "oblique, flipped, anisotropic": (rotation(20, 1) @ np.diag([-1.0, 1.0, -1.0]), (1.5, 2.0, 3.0), (100, 100, 60)),
}


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("grid_name", ["default", "official"])
def test_round_trip(name, grid_name):
    skull = head(*ORIENTATIONS[name])
    grid = make_grid(grid_name, skull, SHAPE)
    sampled = grid.sample(skull)
    assert sampled.shape == SHAPE
    assert sampled.dtype == np.float32
    assert 0 <= sampled.min() <= sampled.max() <= 1 + 1e-6
    restored = grid.restore(sampled) >= 0.5
    assert dice(restored, skull.voxels) > 0.97


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_default_grid_follows_the_patient_and_not_the_array(name):
    reference = around_skull(head(*ORIENTATIONS["ras"]), SHAPE)
    grid = around_skull(head(*ORIENTATIONS[name]), SHAPE)
    np.testing.assert_allclose(grid.affine, reference.affine, atol=3)
    assert dice(grid.sample(grid.skull) > 0.5, reference.sample(reference.skull) > 0.5) > 0.95
    assert share_on_the_right(grid) == pytest.approx(share_on_the_right(reference), abs=0.01)


def share_on_the_right(grid: RasBoxGrid) -> float:
    sampled = grid.sample(grid.skull)
    return sampled[SHAPE[0] // 2 :].sum() / sampled.sum()


def test_margins_are_in_millimeters_and_leave_room_for_a_missing_vertex():
    skull = head(*ORIENTATIONS["anisotropic"])
    grid = around_skull(skull, SHAPE)
    extent = grid.spacing * SHAPE
    r, a, s = skull.to_ras(np.argwhere(skull.voxels)).T
    np.testing.assert_allclose(extent, [np.ptp(r) + 1 + 20, np.ptp(a) + 2 + 20, np.ptp(s) + 4 + 35], rtol=1e-6)
    top = grid.affine[2, 3] + grid.spacing[2] * (SHAPE[2] - 0.5)
    assert top == pytest.approx(s.max() + 2 + 25)


@pytest.mark.parametrize("name", ORIENTATIONS)
@pytest.mark.parametrize("grid_name", ["default", "official", "vault"])
def test_restoring_a_box_equals_that_part_of_the_whole(name, grid_name):
    skull = head(*ORIENTATIONS[name])
    grid = make_grid(grid_name, skull, SHAPE)
    values = np.random.default_rng(1).random(SHAPE).astype(np.float32)
    mask = np.zeros(SHAPE, bool)
    mask[20:30, 30:45, 20:30] = True
    box = grid.box(mask)
    whole = grid.restore(values)
    np.testing.assert_allclose(grid.restore(values, box), whole[box], atol=1e-4)
    outside = grid.restore(mask.astype(np.float32))
    outside[box] = 0
    assert outside.max() == 0


def test_default_values_come_back_smoothly_and_official_ones_in_blocks():
    skull = head(np.eye(3), (1.0, 1.0, 1.0), (130, 160, 140))
    ramp = np.broadcast_to(np.linspace(0, 1, SHAPE[0], dtype=np.float32)[:, None, None], SHAPE)
    default = around_skull(skull, SHAPE).restore(ramp)[:, 80, 70]
    official = OfficialGrid(skull, SHAPE).restore(ramp)[:, 80, 70]
    assert np.abs(np.diff(default)).max() < 0.4 / 44 * 1.5
    assert np.abs(np.diff(official)).max() > 0.9 / 44


def test_official_grid_is_monais_transforms():
    from monai.data import MetaTensor
    from monai.transforms import Compose, CropForeground, Orientation, Resize

    skull = head(*ORIENTATIONS["lps"])
    tensor = MetaTensor(skull.voxels.astype(np.float32)[None], affine=skull.affine.copy())
    labels = (("L", "R"), ("P", "A"), ("I", "S"))
    chain = Compose(
        [Orientation("RAS", labels=labels), CropForeground(margin=25, allow_smaller=False), Resize(SHAPE, mode="area")]
    )
    expected = chain(tensor)
    grid = OfficialGrid(skull, SHAPE)
    np.testing.assert_array_equal(grid.sample(skull), expected.numpy()[0])
    np.testing.assert_array_equal(grid.restore(grid.sample(skull)), chain.inverse(expected).numpy()[0])


def test_official_labels_are_the_published_area_resize_of_their_numbers():
    from monai.data import MetaTensor
    from monai.transforms import Compose, CropForeground, Orientation, Resize

    skull = head(*ORIENTATIONS["lps"])
    labels = skull.with_voxels(np.where(skull.voxels, 1 + np.arange(skull.shape[1])[None, :, None] // 12, 0))
    axes = (("L", "R"), ("P", "A"), ("I", "S"))
    chain = Compose(
        [Orientation("RAS", labels=axes), CropForeground(margin=25, allow_smaller=False), Resize(SHAPE, mode="area")]
    )
    published = chain(MetaTensor(labels.voxels.astype(np.float32)[None], affine=labels.affine.copy())).numpy()[0]
    np.testing.assert_array_equal(OfficialGrid(skull, SHAPE).sample_labels(labels), published)
    assert len(np.unique(published)) > 100, "neighboring labels should mix, as published"


def test_other_volumes_use_the_same_crop():
    skull = head(*ORIENTATIONS["lps"])
    part = np.zeros(skull.shape, bool)
    part[40:50, 40:50, 40:50] = True
    for name in ("default", "official", "vault"):
        grid = make_grid(name, skull, SHAPE)
        back = grid.restore(grid.sample(skull.with_voxels(part))) > 0.3
        center = np.argwhere(back).mean(axis=0)
        np.testing.assert_allclose(center, [44.5, 44.5, 44.5], atol=0.7)


def test_the_vault_grid_has_one_spacing_and_room_for_a_missing_vertex():
    whole, open_top = shell(), shell(top=55.0)
    grid = make_grid("vault", open_top, (80, 96, 64))
    np.testing.assert_allclose(grid.spacing, 2.25)
    np.testing.assert_allclose(make_grid("vault", whole, (80, 96, 64)).spacing, 2.25)
    missing = whole.with_voxels(whole.voxels & ~open_top.voxels)
    inside = grid.sample(missing).sum() * 2.25**3
    assert inside == pytest.approx(missing.voxels.sum() * 8.0, rel=0.01)


def test_the_vault_grid_grows_around_a_wide_skull():
    skull = shell()
    wide = Volume(skull.voxels, np.diag([1.4, 1, 1, 1]) @ skull.affine)
    grid = make_grid("vault", wide, (80, 96, 64))
    assert grid.spacing[0] * 80 > 1.4 * 150
    np.testing.assert_allclose(grid.spacing, grid.spacing[0])


def test_bad_input_is_refused():
    empty = Volume(np.zeros((40, 40, 40), bool), np.eye(4))
    with pytest.raises(InputError, match="empty"):
        around_skull(empty, NETWORK_SHAPE)
    with pytest.raises(InputError, match="default, official"):
        make_grid("other", empty)
