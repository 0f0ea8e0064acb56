"""Elastic deformation is smooth and of the stated size; segmentation noise leaves a skull a skull."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from phantoms import head

from CraNeXtLib.training.augmentation import elastic_displacement, random_affine, segmentation_noise
from CraNeXtLib.training.config import AugmentationConfig

SPACING = np.array([2.0, 2.0, 2.0])
HEAD = head(spacing=(2.0, 2.0, 2.0))
SHARES = torch.from_numpy(np.stack([HEAD.defective.voxels, HEAD.implant.voxels]).astype(np.float32))


def test_the_displacement_has_the_stated_size_and_does_not_fold():
    fields = [elastic_displacement(np.random.default_rng(n), (60, 70, 50), SPACING, sd_mm=2) for n in range(20)]
    assert fields[0].shape == (3, 60, 70, 50)
    assert torch.stack(fields).std().item() == pytest.approx(2, rel=0.1)
    strain = torch.stack([torch.diff(fields[0], dim=axis).abs().max() / 2 for axis in (1, 2, 3)])
    assert strain.max() < 0.4


def test_the_displacement_is_the_same_on_a_finer_grid():
    coarse = elastic_displacement(np.random.default_rng(0), (40, 40, 40), SPACING)
    fine = elastic_displacement(np.random.default_rng(0), (79, 79, 79), SPACING / 2)
    assert torch.allclose(coarse, fine[:, ::2, ::2, ::2], atol=1e-4)


def test_unequal_axes_are_not_confused():
    field = elastic_displacement(np.random.default_rng(0), (40, 10, 10), np.array([4.0, 0.04, 0.04]))[0]
    assert field[:, 0, 0].std() > 0.2
    assert field.std(dim=(1, 2)).max() < 0.05


def test_noise_follows_the_seed_and_keeps_shares():
    noisy = segmentation_noise(SHARES, np.random.default_rng(1), SPACING)
    assert noisy.shape == SHARES.shape
    assert noisy.min() >= 0
    assert noisy.sum(dim=0).max() <= 1 + 1e-6
    assert torch.equal(noisy, segmentation_noise(SHARES, np.random.default_rng(1), SPACING))
    assert not torch.equal(noisy, segmentation_noise(SHARES, np.random.default_rng(2), SPACING))


def test_no_noise_changes_nothing():
    off = {"blur_mm": 0, "slice_mm": 0, "threshold_sd": 0}
    assert torch.allclose(segmentation_noise(SHARES, np.random.default_rng(0), SPACING, **off), SHARES)


def test_noise_makes_bone_thicker_and_thinner_but_moves_the_implant_little():
    volumes, overlaps = [], []
    for seed in range(12):
        noisy = segmentation_noise(SHARES, np.random.default_rng(seed), SPACING)
        volumes.append(float(noisy.sum() / SHARES.sum()))
        found, true = noisy[1] >= 0.5, SHARES[1] >= 0.5
        overlaps.append(float(2 * (found & true).sum() / (found.sum() + true.sum())))
    assert min(volumes) < 0.97
    assert max(volumes) > 1.03
    assert min(overlaps) > 0.8
    assert min(volumes) > 0.8


def test_a_wrong_threshold_makes_no_bone_in_air():
    noisy = segmentation_noise(SHARES, np.random.default_rng(3), SPACING, threshold_sd=0.5)
    middle = [size // 2 for size in HEAD.complete.shape]
    assert noisy[:, middle[0], middle[1], middle[2]].max() == 0


def test_a_flip_mirrors_left_and_right_about_the_middle():
    flip = AugmentationConfig(flip_left_right=1, rotation_deg=0, scaling=0, translation_mm=0)
    matrix = random_affine(flip, np.random.default_rng(0), np.array([10.0, 5, 3]))
    np.testing.assert_allclose(matrix @ [12, 7, 9, 1], [8, 7, 9, 1])
