"""Plain definitions of the metrics, slow and short, and masks to test them on."""

import csv
import itertools

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume


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


def balls(*radii, size=48, spacing=0.5):
    distance = np.sqrt(sum((x - (size - 1) / 2) ** 2 for x in np.ogrid[:size, :size, :size])) * spacing
    return volumes(*(distance <= radius for radius in radii), spacing=(spacing,) * 3)


def plate(gap=2, shift=0):
    """A square plate of 0.5 mm voxels in a frame, with a gap of that many voxels on both sides of the first axis."""
    slab = np.zeros((60, 60, 20), dtype=bool)
    slab[4:56, 4:56, 8:14] = True
    window = np.zeros_like(slab)
    window[18:42, 18:42] = True
    implant = np.zeros_like(slab)
    implant[18 + gap + shift : 42 - gap + shift, 18:42, 8:14] = True
    return volumes(implant, slab & window, slab & ~window, spacing=(0.5,) * 3)


def head_case(shift=(1, 0, 0)):
    """An ellipsoid vault of 2 mm voxels with a defect on top, its implant displaced by some voxels."""
    x, y, z = np.ogrid[-44:44, -52:52, -42:42]
    level = np.sqrt((x / 36) ** 2 + (y / 44) ** 2 + (z / 34) ** 2)
    bone = (level < 1) & (level > 0.9) & (z > -30)
    hole = (np.hypot(x - 4, y) < 14) & (z > 0)
    skull = bone & ~hole
    return volumes(np.roll(bone & hole, shift, (0, 1, 2)) & ~skull, bone & hole, skull, spacing=(2, 2, 2))


SHIFTS = {"a": 0, "b": 1, "c": 3}
"""The cases of a small cohort, and by how many voxels their implants are displaced."""


def cohort_folder(folder):
    """Write the small cohort, one folder per case, and return the folder."""
    for name, shift in SHIFTS.items():
        for role, volume in zip(("implant", "reference", "skull"), capped_shell(shift), strict=True):
            path = folder / name / f"{role}.nrrd"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_volume(volume.with_voxels(volume.voxels.astype(np.uint8)), path)
    return folder


def cohort_manifest(folder, **columns):
    """Write a manifest of the small cohort, with more columns if given, and return its path."""
    path = folder / "cases.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "implant", "reference", "skull", *columns])
        for i, name in enumerate(SHIFTS):
            files = [f"{name}/{role}.nrrd" for role in ("implant", "reference", "skull")]
            writer.writerow([name, *files, *(values[i] for values in columns.values())])
    return path
