"""Random changes to a head that training draws anew for every sample: its shape, and how its CT was segmented.

Flips and affine maps belong to the sampling (``prepared_skull``), to which the displacement here is
added before the one interpolation that there is. TorchIO and MONAI have elastic deformations too, but each with an
interpolation of its own, and the former at most of a second a sample; neither has a segmentation's errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_DRIFT_MM = 40.0  # over which the threshold changes from place to place
_MEAN_SQUARE = 151 / 315  # of a cubic B-spline's weights, summed over the lattice, averaged over a cell


def elastic_displacement(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    spacing_mm: np.ndarray,
    *,
    sd_mm: float = 2.0,
    control_mm: float = 40.0,
) -> Tensor:
    """Draw a smooth displacement: cubic B-splines on a coarse lattice of random vectors.

    With the default values neighbouring points move alike (the strain is about 0.05), so that a skull stays a skull.

    Args:
        rng: Decides it.
        shape: Voxels of the grid.
        spacing_mm: Their spacing along each axis.
        sd_mm: Standard deviation of the displacement along each axis.
        control_mm: Distance of the lattice's points.

    Returns:
        float32 of shape (3, X, Y, Z): the displacement in mm along the grid's axes.
    """
    return _smooth_field(rng, 3, shape, spacing_mm, sd_mm, control_mm)


def segmentation_noise(
    shares: Tensor,
    rng: np.random.Generator,
    spacing_mm: np.ndarray,
    *,
    blur_mm: float = 1.5,
    slice_mm: float = 3.0,
    threshold_sd: float = 0.1,
) -> Tensor:
    """Imitate how a scanner blurs bone and a threshold cuts it out again.

    The blur closes pores and eats thin bone; a threshold that is off, by place, makes all bone thicker or thinner.
    Defective skull and implant change together, so that they still make up one skull.

    Args:
        shares: Shares of bone, 0 to 1, of the defective skull and of the implant, float32 of shape (2, X, Y, Z), in RAS
            directions.
        rng: Decides it.
        spacing_mm: Spacing along each axis.
        blur_mm: Largest standard deviation of the scanner's blur.
        slice_mm: Largest thickness of a slice, along the third axis.
        threshold_sd: Standard deviation of the threshold, as a share of bone, of the whole head and again of places.

    Returns:
        Shares of the same shape.
    """
    import torch

    variance = np.array([0, 0, rng.uniform(0, slice_mm) ** 2 / 12]) + rng.uniform(0, blur_mm) ** 2
    sigma = np.sqrt(variance) / spacing_mm
    blurred = shares
    for axis, deviation in enumerate(sigma, start=1):
        blurred = _blur(blurred, float(deviation), axis)
    # An edge is that much flatter for the blur; the gain makes it as steep as a share of voxels again.
    gain = float(np.sqrt(1 + 2 * np.pi * np.mean(sigma**2)))
    offset = rng.normal(0, threshold_sd)
    threshold = 0.5 + offset + _smooth_field(rng, 1, shares.shape[1:], spacing_mm, threshold_sd, _DRIFT_MM)[0]
    threshold.clamp_(0.5 / gain, 1 - 0.5 / gain)  # beyond, air would turn to bone
    whole = blurred.sum(dim=0)
    bone = ((whole - threshold) * gain + 0.5).clamp(0, 1)
    lost = ((blurred[1] / whole.clamp(min=1e-6) - 0.5) * gain + 0.5).clamp(0, 1) * bone
    return torch.stack([bone - lost, lost])


def _smooth_field(
    rng: np.random.Generator, count: int, shape: tuple[int, ...], spacing_mm: np.ndarray, sd: float, control_mm: float
) -> Tensor:
    """Draw smooth random fields of a standard deviation, shape (count, X, Y, Z)."""
    import torch

    weights = [_spline_weights(size, s / control_mm) for size, s in zip(shape, spacing_mm, strict=True)]
    lattice = rng.normal(0, sd / _MEAN_SQUARE**1.5, (count, *(w.shape[1] for w in weights)))
    return _along_axes(torch.from_numpy(lattice.astype(np.float32)), weights)


def _along_axes(values: Tensor, weights: list[np.ndarray]) -> Tensor:
    """Multiply (N, A, B, C) by matrices of shape (X, A), (Y, B) and (Z, C), one along each axis: (N, X, Y, Z)."""
    import torch

    for weight in weights:  # each turns the first axis into the last
        values = values.movedim(1, -1) @ torch.from_numpy(weight.T.astype(np.float32))
    return values


def _spline_weights(size: int, step: float) -> np.ndarray:
    """Return the weights of lattice points at voxels, shape (size, points), for voxels so many lattice cells apart."""
    places = np.arange(size) * step
    points = np.arange(-1, int(places[-1]) + 3)
    distance = np.abs(places[:, None] - points)
    near, far = 2 / 3 - distance**2 + distance**3 / 2, (2 - distance) ** 3 / 6
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


def _blur(values: Tensor, sigma: float, axis: int) -> Tensor:
    """Smooth along one axis with a Gaussian of a standard deviation in voxels; 0 outside.

    A sum of shifted copies is several times faster than PyTorch's convolution of one channel.
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
