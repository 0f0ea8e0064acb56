"""Random changes to a head that training draws for every sample: its pose, its shape, and how its CT was segmented.

TorchIO and MONAI have elastic deformations too, but each with an interpolation of its own, and the former takes up to a
second for a sample; neither imitates errors of a segmentation. Here pose and deformation go into the one interpolation
to the network's grid (:mod:`CraNeXtLib.training.samples.interpolation`).
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from CraNeXtLib.training.config import AugmentationConfig

_DRIFT_MM = 40.0
"""Distance over which the error of the threshold changes."""

_MEAN_SQUARE = 151 / 315
"""Mean square of the weights of a cubic B-spline: summed over the lattice, averaged over a cell."""


def sample_kind(config: AugmentationConfig, rng: np.random.Generator) -> str:
    """Draw a kind of synthetic defect by the configured frequencies."""
    kinds = sorted(kind for kind, weight in config.defects.items() if weight > 0)
    weights = np.array([config.defects[kind] for kind in kinds])
    return kinds[rng.choice(len(kinds), p=weights / weights.sum())]


def random_affine(config: AugmentationConfig, rng: np.random.Generator, center: np.ndarray) -> np.ndarray:
    """Draw a flip, rotation, scaling and translation about a center.

    Args:
        config: How large they are.
        rng: Source of the random numbers.
        center: Position in RAS mm, shape (3,).

    Returns:
        4×4 matrix in RAS mm.
    """
    angles = np.deg2rad(rng.normal(0, 1, 3) * config.rotation_deg)
    scales = np.exp(rng.normal(0, 1, 3) * config.scaling)
    translation = rng.normal(0, 1, 3) * config.translation_mm
    flips = rng.random(2) < (config.flip_left_right, config.flip_front_back)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("XYZ", angles).as_matrix() * scales * [*np.where(flips, -1, 1), 1]
    matrix[:3, 3] = center + translation - matrix[:3, :3] @ center
    return matrix


def elastic_displacement(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    spacing_mm: np.ndarray,
    *,
    sd_mm: float = 2.0,
    control_mm: float = 40.0,
) -> Tensor:
    """Draw a smooth displacement: cubic B-splines on a coarse lattice of random vectors.

    With the default values neighboring points move alike (the strain is about 0.05), so that a skull stays a skull.

    Args:
        rng: Source of the random numbers.
        shape: Voxels of the grid.
        spacing_mm: Spacing of the grid along each axis.
        sd_mm: Standard deviation of the displacement along each axis.
        control_mm: Distance between the points of the lattice.

    Returns:
        float32 of shape (3, X, Y, Z): the displacement in mm along the grid's axes.
    """
    return _smooth_field(rng, 3, shape, spacing_mm, sd_mm, control_mm)


def segmentation_noise(
    occupancy: Tensor,
    rng: np.random.Generator,
    spacing_mm: np.ndarray,
    *,
    blur_mm: float = 1.5,
    slice_mm: float = 3.0,
    threshold_sd: float = 0.1,
) -> Tensor:
    """Imitate the blur of a scanner and a segmentation with an inaccurate threshold.

    The blur closes pores and erases thin bone; the error of the threshold, which changes slowly over the head, makes
    bone thicker or thinner. Defective skull and implant change together, so that they still make up one skull.

    Args:
        occupancy: Occupancies of defective skull and implant, float32 of shape (2, X, Y, Z), in RAS directions.
        rng: Source of the random numbers.
        spacing_mm: Spacing of the grid along each axis.
        blur_mm: Largest standard deviation of the scanner's blur.
        slice_mm: Largest thickness of a slice, along the third axis.
        threshold_sd: Standard deviation of the threshold's error, in occupancy: of its mean over the head, and again of
            its local part.

    Returns:
        Occupancies of the same shape.
    """
    variance = np.array([0, 0, rng.uniform(0, slice_mm) ** 2 / 12]) + rng.uniform(0, blur_mm) ** 2
    sigma = np.sqrt(variance) / spacing_mm
    blurred = occupancy
    for axis, deviation in enumerate(sigma, start=1):
        blurred = _blur(blurred, float(deviation), axis)
    # The blur flattens edges by this factor; the gain makes them as steep as those of an occupancy again.
    gain = float(np.sqrt(1 + 2 * np.pi * np.mean(sigma**2)))
    offset = rng.normal(0, threshold_sd)
    threshold = 0.5 + offset + _smooth_field(rng, 1, occupancy.shape[1:], spacing_mm, threshold_sd, _DRIFT_MM)[0]
    threshold.clamp_(0.5 / gain, 1 - 0.5 / gain)  # beyond these limits, air would turn into bone
    whole = blurred.sum(dim=0)
    bone = ((whole - threshold) * gain + 0.5).clamp(0, 1)
    lost = ((blurred[1] / whole.clamp(min=1e-6) - 0.5) * gain + 0.5).clamp(0, 1) * bone
    return torch.stack([bone - lost, lost])


def _smooth_field(
    rng: np.random.Generator, count: int, shape: tuple[int, ...], spacing_mm: np.ndarray, sd: float, control_mm: float
) -> Tensor:
    """Draw smooth random fields with a standard deviation, shape (count, X, Y, Z)."""
    weights = [_spline_weights(size, s / control_mm) for size, s in zip(shape, spacing_mm, strict=True)]
    lattice = rng.normal(0, sd / _MEAN_SQUARE**1.5, (count, *(w.shape[1] for w in weights)))
    return _along_axes(torch.from_numpy(lattice.astype(np.float32)), weights)


def _along_axes(values: Tensor, weights: list[np.ndarray]) -> Tensor:
    """Multiply (N, A, B, C) by matrices of shape (X, A), (Y, B) and (Z, C), one along each axis: (N, X, Y, Z)."""
    for weight in weights:  # each product moves the first axis to the end
        values = values.movedim(1, -1) @ torch.from_numpy(weight.T.astype(np.float32))
    return values


def _spline_weights(size: int, step: float) -> np.ndarray:
    """Return the weights of lattice points at voxels, shape (size, points).

    Args:
        size: Number of voxels.
        step: Distance between voxels, in cells of the lattice.
    """
    positions = np.arange(size) * step
    points = np.arange(-1, int(positions[-1]) + 3)
    distance = np.abs(positions[:, None] - points)
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def _blur(values: Tensor, sigma: float, axis: int) -> Tensor:
    """Smooth along one axis with a Gaussian whose standard deviation is in voxels; values outside are 0.

    A sum of shifted copies is several times faster than PyTorch's convolution with one channel.
    """
    offsets = np.arange(int(np.ceil(2.5 * sigma)) + 1)
    weights = np.exp(-(offsets**2) / (2 * max(sigma, 1e-3) ** 2))
    weights /= 2 * weights.sum() - weights[0]
    blurred = values * float(weights[0])
    size = values.shape[axis]
    for offset, weight in zip(offsets[1:].tolist(), weights[1:].tolist(), strict=True):
        blurred.narrow(axis, offset, size - offset).add_(values.narrow(axis, 0, size - offset), alpha=weight)
        blurred.narrow(axis, 0, size - offset).add_(values.narrow(axis, offset, size - offset), alpha=weight)
    return blurred
