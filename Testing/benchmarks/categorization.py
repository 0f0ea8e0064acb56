"""Time, memory and accuracy of the categorization, compared with the published procedure.

``python Testing/benchmarks/categorization.py speed SKULL`` pads a skull to 512³ voxels and labels it in three ways,
each in a process of its own: default, official, and the published code itself (its dilation and OR; it comes without
a registration and therefore receives ours). ``... accuracy BONES`` deforms the bones of BodyParts3D, cuts defects and
skull bases, and counts the correctly labeled voxels; with ``--ants``, also after the paper's registration. ``...
stability SKULL...`` rotates, mirrors and resamples skulls, and counts the voxels that keep their label.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.anatomy.categorization.official import DILATIONS, ants_affine
from CraNeXtLib.anatomy.head.bodyparts3d import bone_labels
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.nearest_label_map import nearest_label_map
from CraNeXtLib.anatomy.head.pose import best_affine, bundled_template
from CraNeXtLib.anatomy.head.template_building import regions_of_bones
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume

SIZE = 512


def padded(path: str) -> Volume:
    """Return the mask in a file, centered in 512³ voxels."""
    skull = read_volume(path)
    before = (SIZE - np.array(skull.shape)) // 2
    after = SIZE - before - skull.shape
    affine = skull.affine.copy()
    affine[:3, 3] = skull.to_ras(-before[None])[0]
    return Volume(np.pad(skull.voxels > 0, np.stack([before, after], axis=1)), affine)


def run_one(method: str, path: str) -> None:
    """Label one skull and print seconds and peak memory of this process."""
    skull = padded(path)
    start = time.perf_counter()
    if method == "published":
        published(skull)
    else:
        result = categorize(skull, method=method)
        print(f"  undefined {result.table[-1].percent:.2f}%, {result.fit}")
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{method:>10}: {seconds:7.1f} s wall, {time.process_time():7.1f} s processor, {memory:5.2f} GB peak")


def published(skull: Volume) -> np.ndarray:
    """Run the published notebook's operations on a four-dimensional array, after registration with ANTs."""
    from skimage.morphology import dilation

    template = bundled_template()
    to_template = np.linalg.inv(ants_affine(template, skull) @ template.affine) @ skull.affine
    moved = ndimage.affine_transform(template.voxels, to_template[:3, :3], to_template[:3, 3], skull.shape, order=0)
    image, moved = skull.voxels[None].astype(np.uint8), moved[None]
    for _ in range(DILATIONS):
        moved = dilation(moved)
    return image * moved | image


def deformed(regions: Volume, seed: int) -> Volume:
    """Rotate by up to 15°, stretch by up to a tenth along each axis, and warp by about 4 mm over 25 mm."""
    rng = np.random.default_rng(seed)
    turn = Rotation.from_euler("xyz", rng.uniform(-15, 15, 3), degrees=True).as_matrix()
    matrix = np.linalg.inv(turn @ np.diag(1 + rng.uniform(-0.1, 0.1, 3)))
    shape = np.ceil(np.array(regions.shape) * 1.15).astype(int)
    places = matrix @ (np.indices(shape).reshape(3, -1) - (shape[:, None] - 1) / 2)
    places += (np.array(regions.shape)[:, None] - 1) / 2
    for axis in range(3):
        bend = ndimage.gaussian_filter(rng.normal(size=-(-shape // 8)), 25 / 8 / regions.spacing[0])
        bend = ndimage.zoom(bend, 8, order=1)[tuple(slice(n) for n in shape)]
        places[axis] += (bend / bend.std() * 4.0 / regions.spacing[0]).ravel()
    labels = ndimage.map_coordinates(regions.voxels, places.reshape(3, *shape), order=0)
    return Volume(labels, regions.affine)


def accuracy(bones: str, count: int, *, ants: bool) -> None:
    """Print the percentage of correctly labeled voxels, by what is missing."""
    regions = regions_of_bones(bone_labels(bones, spacing_mm=1.0))
    template = bundled_template()
    moving = bone_surface(template.with_voxels(template.voxels > 0))
    for seed in range(count):
        truth = deformed(regions, seed)
        vault = np.argwhere(truth.voxels > 3)
        centre = vault[np.random.default_rng(seed).integers(len(vault))]
        distance = np.linalg.norm((np.indices(truth.shape) - centre[:, None, None, None]) * truth.spacing[0], axis=0)
        for name, hole_mm, cut in (("whole", 0, 0.0), ("hole", 55, 0.0), ("hole, no base", 55, 0.45)):
            labels = np.where(distance < hole_mm, 0, truth.voxels)
            labels[:, :, : int(cut * labels.shape[2])] = 0
            skull = truth.with_voxels(labels > 0)
            matrices = {"surfaces": best_affine(moving, bone_surface(skull))[0]}
            if ants:
                matrices["ants"] = ants_affine(template, skull)
            for method, matrix in matrices.items():
                found = nearest_label_map(template).of_mask(skull, np.linalg.inv(matrix))
                right = (found == labels)[labels > 0].mean()
                print(f"seed {seed}, {name:>13}, {method:>8}: {100 * right:5.1f} % right", flush=True)


def stability(paths: list[str]) -> None:
    """Print the percentage of voxels that keep their label."""
    for path in paths:
        skull = read_volume(path)
        skull = skull.with_voxels(skull.voxels > 0)
        labels = categorize(skull).labels.voxels
        for name, matrix in (
            ("nodded by 20°", _turn(20, 0, 0)),
            ("tilted by 20°", _turn(0, 20, 0)),
            ("turned by 20°", _turn(0, 0, 20)),
            ("mirrored", np.diag([-1.0, 1, 1, 1])),
        ):
            again = categorize(Volume(skull.voxels, matrix @ skull.affine)).labels.voxels
            print(f"{path}, {name}: {100 * (again == labels)[skull.voxels].mean():.1f}% unchanged", flush=True)
        coarse = shrink(skull, 1.5)
        coarse = Volume(coarse.voxels >= 0.5, coarse.affine)
        places = np.argwhere(coarse.voxels)
        fine = np.rint(skull.to_indices(coarse.to_ras(places))).astype(int)
        fine = np.clip(fine, 0, np.array(skull.shape) - 1)
        before, after = labels[tuple(fine.T)], categorize(coarse).labels.voxels[tuple(places.T)]
        print(f"{path}, at 1.5 mm: {100 * (before == after)[before > 0].mean():.1f}% unchanged", flush=True)


def _turn(*degrees: float) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    return matrix


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "accuracy", "stability", "default", "official", "published"))
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--count", type=int, default=5, help="number of deformed skulls")
    parser.add_argument("--ants", action="store_true", help="also register with ANTs")
    arguments = parser.parse_args()
    if arguments.what == "speed":
        for method in ("default", "official", "published"):
            subprocess.run([sys.executable, __file__, method, arguments.paths[0]], check=True)
    elif arguments.what == "accuracy":
        accuracy(arguments.paths[0], arguments.count, ants=arguments.ants)
    elif arguments.what == "stability":
        stability(arguments.paths)
    else:
        run_one(arguments.what, arguments.paths[0])


if __name__ == "__main__":
    main()
