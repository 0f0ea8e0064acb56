"""Bone of a CT: thin plates and holes stay, and everything that is not bone goes."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from scipy import ndimage
from synthetic_ct import synthetic_ct

from CraNeXtLib.anatomy.ct.bone_segmentation import segment_bone
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume


def plate(*, thickness_mm: float, spacing=(0.6, 0.6, 1.0), hole_mm: float = 0.0, blur_mm: float = 0.6) -> Volume:
    """Return the CT of a round plate of bone in soft tissue, with a round hole in its middle."""
    size = np.array([60, 60, 40])
    shape = np.rint(size / spacing).astype(int)
    affine = np.diag([*spacing, 1.0])
    x, y, z = (np.arange(n) * s - (n - 1) * s / 2 for n, s in zip(shape, spacing, strict=True))
    away = np.hypot(x[:, None], y[None])
    ring = np.clip((25 - away) / spacing[0] + 0.5, 0, 1) * np.clip((away - hole_mm) / spacing[0] + 0.5, 0, 1)
    fine = np.arange(-20, 20, 0.1)
    across = np.array([np.mean(np.abs(fine[np.abs(fine - c) <= spacing[2] / 2]) <= thickness_mm / 2) for c in z])
    occupancy = ndimage.gaussian_filter(ring[..., None] * across, blur_mm / np.array(spacing))
    return Volume(np.rint(40 + 900 * occupancy).astype(np.int16), affine)


@pytest.mark.parametrize("thickness_mm", [0.6, 1.0, 2.0, 6.0])
@pytest.mark.parametrize("hole_mm", [2.0, 5.0, 15.0])
def test_a_hole_stays_a_hole_of_the_same_size(thickness_mm, hole_mm):
    ct = plate(thickness_mm=thickness_mm, hole_mm=hole_mm)
    middle = segment_bone(ct).mask.voxels[:, :, 19:21].any(axis=2)
    labels, count = ndimage.label(~middle)
    assert count == 2  # outside and the hole
    hole = labels == labels[len(middle) // 2, len(middle) // 2]
    radius = np.sqrt(hole.sum() * 0.36 / np.pi)
    # With blur and voxels of 0.6 mm, the border at 250 HU lies inside the hole or, in thin bone, outside it.
    assert hole_mm - 0.7 < radius < hole_mm + 1.0
    assert not segment_bone(ct).mask.voxels[ct.voxels < 150].any()


def test_thin_bone_below_the_threshold_is_kept():
    """A plate of 0.3 mm in slices of 1 mm reaches about 200 HU at most."""
    ct = plate(thickness_mm=0.3)
    assert 150 < ct.voxels.max() < 250
    thick = plate(thickness_mm=6.0).voxels.copy()
    values = np.maximum(ct.voxels, np.where(np.arange(100)[:, None, None] < 40, thick, 0))
    found = segment_bone(ct.with_voxels(values))
    away = np.hypot(*np.meshgrid(*[np.arange(100) * 0.6 - 29.7] * 2, indexing="ij"))
    thin = (away < 23) & (np.arange(100)[:, None] > 45)
    assert found.mask.voxels.any(axis=2)[thin].mean() > 0.98
    assert 0.3 < found.thin_ml < 1.5


def test_keeping_thin_bone_does_not_thicken_thick_bone():
    ct = plate(thickness_mm=6.0, hole_mm=10.0)
    found = segment_bone(ct)
    assert np.array_equal(found.mask.voxels, ct.voxels >= 250)
    assert found.thin_ml == 0


@pytest.mark.slow
@pytest.mark.parametrize("directions", [None, OBLIQUE])
def test_headrest_and_electrodes_go_and_every_part_of_the_skull_stays(directions):
    case = head(directions=directions)
    skull = case.defective
    # A loose flap, free of the skull on all sides.
    flap = case.implant.voxels & ~ndimage.binary_dilation(skull.voxels, iterations=3)
    both = skull.with_voxels(skull.voxels | flap)
    ct = synthetic_ct(both, headrest=True)
    values = ct.voxels.copy()
    index = np.rint(ct.to_indices(np.array([[0, 101.0, 0]]))[0]).astype(int)  # on the skin of the forehead
    values[tuple(slice(p - 1, p + 2) for p in index)] = 3000
    found = segment_bone(ct.with_voxels(values))
    assert len(found.parts_ml) == 2
    assert len(found.removed_ml) >= 1
    near = ndimage.binary_dilation(both.voxels, iterations=2)
    assert not (found.mask.voxels & ~near).any()
    assert found.mask.voxels[both.voxels].mean() > 0.99


def test_a_skull_in_air_is_kept():
    skull = head().defective
    found = segment_bone(skull.with_voxels(np.where(skull.voxels, 900, -1000).astype(np.int16)))
    assert np.array_equal(found.mask.voxels, skull.voxels)


@pytest.mark.slow
def test_noise_does_not_make_bone_thicker():
    skull = head().defective
    clean = segment_bone(synthetic_ct(skull)).mask.voxels
    noisy = segment_bone(synthetic_ct(skull, noise_hu=80)).mask.voxels
    assert abs(noisy.sum() / clean.sum() - 1) < 0.05


@pytest.mark.slow
def test_memory_order_changes_nothing():
    ct = synthetic_ct(head(spacing=(2.0, 2.5, 3.0)).defective)
    other = segment_bone(Volume(np.asfortranarray(ct.voxels), ct.affine)).mask.voxels
    assert np.array_equal(segment_bone(ct).mask.voxels, other)


@pytest.mark.slow
def test_thresholds_out_of_range_and_a_ct_without_bone_are_refused():
    ct = synthetic_ct(head().defective)
    for threshold in (20, 3000):
        with pytest.raises(InputError, match="100 to 1000"):
            segment_bone(ct, threshold_hu=threshold)
    with pytest.raises(InputError, match="No voxel reaches 250 HU"):
        segment_bone(ct.with_voxels(np.minimum(ct.voxels, 100)))
