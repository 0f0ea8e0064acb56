"""Robustness against faults in CTs: python Testing/benchmarks/ct_robustness.py COMPLETE IMPLANT [--ct CT].

Computes CTs from pairs of a complete skull and its implant, degrades them as scanners and headers do, segments the
bone and reconstructs. Prints for each fault the DSC of the implant against the true one (in the field of view) or the
refusal, and the warnings.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "Python"))

from synthetic_ct import AIR_HU, synthetic_ct

from CraNeXtLib.anatomy.ct.bone_segmentation import segment_bone
from CraNeXtLib.anatomy.ct.quality import scan_warnings
from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.core.errors import CraNeXtError
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.reconstruct import reconstruct

Pair = tuple[Volume, Volume]  # CT and true implant, of one geometry


def noisy(ct: Volume, implant: Volume) -> Pair:
    noise = np.random.default_rng(0).normal(0, 80, ct.shape)
    return ct.with_voxels((ct.voxels + noise).clip(-1024, 3071).astype(np.int16)), implant


def thick(slices_mm: float) -> Callable[[Volume, Volume], Pair]:
    def spoil(ct: Volume, implant: Volume) -> Pair:
        axis = int(np.abs(ct.affine[2, :3]).argmax())
        count = max(2, round(slices_mm / ct.spacing[axis]))
        length = ct.shape[axis] // count * count
        affine = ct.affine.copy()
        affine[:3, 3] += affine[:3, axis] * (count - 1) / 2
        affine[:3, axis] *= count

        def means(volume: Volume) -> np.ndarray:
            values = np.moveaxis(volume.voxels, axis, 0)[:length].astype(np.float32)
            return np.moveaxis(values.reshape(-1, count, *values.shape[1:]).mean(axis=1), 0, axis)

        return Volume(means(ct).astype(np.int16), affine), Volume(means(implant) >= 0.5, affine)

    return spoil


def moved(matrix: np.ndarray) -> Callable[[Volume, Volume], Pair]:
    motion = np.eye(4)
    motion[:3, :3] = matrix

    def spoil(ct: Volume, implant: Volume) -> Pair:
        return Volume(ct.voxels, motion @ ct.affine), Volume(implant.voxels, motion @ implant.affine)

    return spoil


def stretched(ct: Volume, implant: Volume) -> Pair:
    """Double the slice spacing: a wrong header."""
    affine = ct.affine @ np.diag([1, 1, 2, 1.0])
    return Volume(ct.voxels, affine), Volume(implant.voxels, affine)


def ending(keep: Callable[[np.ndarray, SkullFrame], np.ndarray]) -> Callable[[Volume, Volume], Pair]:
    """Crop the scan; ``keep`` selects its heights, in RAS mm."""

    def spoil(ct: Volume, implant: Volume) -> Pair:
        frame = skull_frame(segment_bone(ct).mask)
        axis = int(np.abs(ct.affine[2, :3]).argmax())
        heights = ct.to_ras(np.outer(np.arange(ct.shape[axis]), np.eye(3)[axis]))[:, 2]
        kept = np.flatnonzero(keep(heights, frame))
        box = [slice(None)] * 3
        box[axis] = slice(int(kept[0]), int(kept[-1]) + 1)
        return ct.crop(tuple(box)), implant.crop(tuple(box))

    return spoil


def defaced(ct: Volume, implant: Volume) -> Pair:
    """Replace the face by air, as in published scans."""
    frame = skull_frame(segment_bone(ct).mask)
    points = ct.to_ras(np.indices(ct.shape).reshape(3, -1).T)
    face = (points[:, 2] < frame.level(0.6)) & (points[:, 1] > frame.center[1] + 0.2 * frame.length)
    return ct.with_voxels(np.where(face.reshape(ct.shape), AIR_HU, ct.voxels)), implant


def metal(ct: Volume, implant: Volume) -> Pair:
    """Add a block of metal with streaks to the vault opposite the defect."""
    frame = skull_frame(segment_bone(ct).mask)
    middle = implant.to_ras(np.argwhere(implant.voxels)).mean(axis=0)
    towards = (frame.center - middle) * [1, 0, 0] + [0, 10.0, 30.0]
    place = frame.surface(towards / np.linalg.norm(towards))
    points = ct.to_ras(np.indices(ct.shape).reshape(3, -1).T) - place
    block = (np.abs(points) < 7).all(axis=1).reshape(ct.shape)
    level = np.abs(points[:, 2]).reshape(ct.shape) < 8
    angle = np.arctan2(points[:, 1], points[:, 0]).reshape(ct.shape)
    streaks = 300 * (np.sin(24 * angle) > 0.9) * level * (ct.voxels > -500)
    return ct.with_voxels(np.where(block, 3071, ct.voxels + streaks).clip(-1024, 3071).astype(np.int16)), implant


TROUBLES: dict[str, Callable[[Volume, Volume], Pair]] = {
    "none": lambda ct, implant: (ct, implant),
    "noise of 80 HU": noisy,
    "slices of 3 mm": thick(3.0),
    "slices of 5 mm": thick(5.0),
    "tilted by 15°": moved(Rotation.from_euler("y", 15, degrees=True).as_matrix()),
    "nodded by 25°, turned by 20°": moved(Rotation.from_euler("xz", (25, 20), degrees=True).as_matrix()),
    "ends at the base": ending(lambda heights, frame: heights > frame.level(0.55)),
    "ends in the face": ending(lambda heights, frame: heights > frame.level(0.75)),
    "no face": defaced,
    "vertex cut off by 20 mm": ending(lambda heights, frame: heights < frame.vertex - 20),
    "metal in the vault": metal,
    "upside down by its header": moved(np.diag([1.0, 1, -1])),
    "backwards by its header": moved(np.diag([1.0, -1, 1])),
    "slices twice as far apart by its header": stretched,
}


def reduced(volume: Volume) -> Volume:
    """Subsample to a spacing of about 0.9 mm."""
    steps = np.maximum(1, np.round(0.9 / volume.spacing).astype(int))
    return Volume(volume.voxels[tuple(slice(None, None, s) for s in steps)] > 0, volume.affine @ np.diag([*steps, 1.0]))


def outcomes(ct: Volume, implant: Volume, model: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        spoiled, truth = TROUBLES[name](ct, implant)
        start = time.process_time()
        try:
            bone = segment_bone(spoiled).mask
            warnings = scan_warnings(spoiled, bone)
            result = reconstruct(bone, model=model)
            text = f"DSC {dice(result.implant, truth):.3f}"
            warnings += result.warnings
        except CraNeXtError as error:
            text, warnings = f"refused: {error}", []
        yield name, f"{text} ({time.process_time() - start:.0f} s) {' | '.join(warnings)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="pairs of complete skull and implant")
    parser.add_argument("--ct", metavar="FILE", help="a real CT; the implant for the unmodified scan is then the truth")
    parser.add_argument("--model", default="pca_skull", help="default: %(default)s")
    parser.add_argument("--only", nargs="*", choices=TROUBLES, metavar="TROUBLE", help="run only these")
    options = parser.parse_args()
    cases = {}
    for name, other in zip(options.files[::2], options.files[1::2], strict=True):
        complete, implant = reduced(read_volume(name)), reduced(read_volume(other))
        defective = complete.with_voxels(complete.voxels & ~implant.voxels)
        cases[name] = synthetic_ct(defective, noise_hu=15, headrest=True), implant
    if options.ct:
        ct = read_volume(options.ct)
        cases[options.ct] = ct, reconstruct(segment_bone(ct).mask, model=options.model).implant
    for name, pair in cases.items():
        print(f"{name}, model {options.model}", flush=True)
        for trouble, outcome in outcomes(*pair, options.model, options.only or list(TROUBLES)):
            print(f"  {trouble:42s} {outcome}", flush=True)


if __name__ == "__main__":
    main()
