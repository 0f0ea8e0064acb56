"""Plain definitions of the metrics, slow and short, and masks to try them on."""

import itertools

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume


def plain_dice(p, g):
    return 2 * (p & g).sum() / (p.sum() + g.sum())


def plain_border_dice(p, g, skull, spacing, distance):
    near = ndimage.distance_transform_edt(~skull, sampling=spacing) <= distance
    return plain_dice(p & near, g & near)


def plain_surface(voxels):
    surface = []
    for index in map(tuple, np.argwhere(voxels)):
        for axis, step in itertools.product(range(3), (-1, 1)):
            neighbour = list(index)
            neighbour[axis] += step
            if not 0 <= neighbour[axis] < voxels.shape[axis] or not voxels[tuple(neighbour)]:
                surface.append(index)
                break
    return np.array(surface)


def plain_distances(p, g, spacing):
    between = np.linalg.norm((plain_surface(p)[:, None] - plain_surface(g)[None]) * spacing, axis=-1)
    return np.concatenate([between.min(axis=1), between.min(axis=0)])


def blob(rng, shape, fraction=0.4):
    voxels = ndimage.uniform_filter(rng.random(shape), 3)
    return voxels > np.quantile(voxels, 1 - fraction)


def volumes(*arrays, spacing=(1, 1, 1), affine=None):
    affine = np.diag([*spacing, 1.0]) if affine is None else affine
    return [Volume(array, affine) for array in arrays]


def turn(volume, permutation, flips):
    """Reorder and flip the array axes of a volume and change its affine so that no voxel moves."""
    to_old = np.zeros((4, 4))
    to_old[3, 3] = 1
    for new_axis, (old_axis, flip) in enumerate(zip(permutation, flips, strict=True)):
        to_old[old_axis, new_axis] = flip
        to_old[old_axis, 3] = volume.shape[old_axis] - 1 if flip < 0 else 0
    voxels = volume.voxels.transpose(permutation)[tuple(slice(None, None, flip) for flip in flips)]
    return Volume(voxels, volume.affine @ to_old)


def capped_shell(shift=0):
    """A shell with a cap cut off its top as the implant, both in a 32³ volume of 1.5 mm voxels."""
    ball = sum((x - 15) ** 2 for x in np.ogrid[:32, :32, :32])
    shell = (ball <= 13**2) & (ball > 10**2)
    cap = shell & (np.arange(32) > 20)
    skull = shell & ~cap
    return volumes(np.roll(cap, shift, 0) & ~skull, cap, skull, spacing=(1.5, 1.5, 1.5))
