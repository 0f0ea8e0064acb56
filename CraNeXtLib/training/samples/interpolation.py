"""The one interpolation that a sample goes through, from the voxels of a skull to the network's grid."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from CraNeXtLib.geometry.resampling import block_mean
from CraNeXtLib.geometry.volume import Volume


def block_means(masks: list[np.ndarray], spacing_mm: float, skull: Volume) -> tuple[Tensor, np.ndarray]:
    """Average masks over blocks of voxels, so that interpolation at a coarser spacing misses none.

    A block at the border is the mean of the voxels that it has: the vault's bone ends at the border, where zeros would
    make it thinner.

    Args:
        masks: N masks of the skull's shape, bool.
        spacing_mm: Blocks are as large as fits into this length.
        skull: Their geometry; the spacing is the same along all axes.

    Returns:
        Occupancy of the blocks, float32 of shape (N, X, Y, Z), and their affine.
    """
    block = (max(1, int(spacing_mm / skull.spacing[0] + 1e-3)),) * 3
    means = [block_mean(skull.with_voxels(mask), block, padded=False) for mask in masks]
    return torch.from_numpy(np.stack([mean.voxels for mean in means])), means[0].affine


def interpolate(
    values: Tensor, to_indices: np.ndarray, shape: tuple[int, int, int], displacement: Tensor | None
) -> Tensor:
    """Interpolate linearly at the voxels of a grid.

    Args:
        values: Shape (N, X, Y, Z); 0 outside.
        to_indices: 4×4 matrix from the grid's voxel indices to those of the values.
        shape: Voxels of the grid.
        displacement: Displacement of the grid's voxels, in its voxels, shape (3, *shape); None for none.

    Returns:
        Shape (N, *shape).
    """
    sizes = np.array(values.shape[1:])
    normalize = np.diag([*(2 / (sizes - 1)), 1.0])  # indices to PyTorch's -1 to 1, the centers of the outermost voxels
    normalize[:3, 3] = -1
    matrix = torch.from_numpy((normalize @ to_indices)[[2, 1, 0]]).float()  # PyTorch takes the last axis first
    axes = [torch.arange(size, dtype=torch.float32) for size in shape]
    x, y, z = (axis.view([-1 if i == k else 1 for k in range(3)]) for i, axis in enumerate(axes))
    if displacement is not None:
        x, y, z = x + displacement[0], y + displacement[1], z + displacement[2]
    points = torch.stack([row[0] * x + row[1] * y + row[2] * z + row[3] for row in matrix], dim=-1)
    return functional.grid_sample(values[None], points[None], align_corners=True)[0]
