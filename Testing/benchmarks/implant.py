"""Time and correctness of both post-processing methods: python Testing/benchmarks/implant.py [COMPLETE IMPLANT].

The default input is a generated head of 512 × 512 × 512 voxels of 0.4 mm. The model's output is simulated by blurring
and displacing the complete skull as on a network's grid of about 1.1 mm. Prints seconds (wall and processor), DSC
against the true implant, and whether the official method, computed in a box, equals the published script on the whole
volume.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "Python"))

from phantoms import Head, head, model_output

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.extraction import extract_implant


def published_steps(defective: Volume, probability: Volume) -> np.ndarray:
    """Run the published script's steps on whole volumes, with scikit-image and integers like the script."""
    from skimage.measure import label
    from skimage.morphology import dilation, erosion, octahedron

    implant = (probability.voxels >= 0.5).astype(float) - defective.voxels.astype(float)
    implant[implant < 0] = 0
    implant = erosion(erosion(implant.astype(bool), octahedron(1)), octahedron(1)).astype(int)
    labels = label(implant)
    implant = labels == np.argmax(np.bincount(labels.flat, weights=implant.flat))
    return dilation(dilation(implant, octahedron(1)), octahedron(1))


def generated_head() -> Head:
    case = head(spacing=(0.4, 0.4, 0.4))
    around = [((512 - size) // 2, 512 - size - (512 - size) // 2) for size in case.complete.shape]
    affine = case.complete.affine.copy()
    affine[:3, 3] = case.complete.to_ras(np.array([[-before for before, _ in around]]))[0]
    return Head(*(Volume(np.pad(volume.voxels, around), affine) for volume in case))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", help="complete skull and implant")
    parser.add_argument("--script", action="store_true", help="also run the published steps on the whole volume (slow)")
    options = parser.parse_args()
    if options.files:
        complete, implant = (read_volume(path) for path in options.files)
        complete, implant = (volume.with_voxels(volume.voxels > 0) for volume in (complete, implant))
        case = Head(complete, implant, complete.with_voxels(complete.voxels & ~implant.voxels))
    else:
        case = generated_head()
    probability = model_output(case)
    truth = case.implant.voxels
    print(f"{case.complete.shape} voxels, {case.complete.spacing.round(3)} mm")
    results = {}
    ways = {
        way: lambda way=way: extract_implant(case.defective, probability, postprocessing=way).voxels
        for way in ("default", "official")
    }
    if options.script:
        ways["published script"] = lambda: published_steps(case.defective, probability)
    for name, way in ways.items():
        wall, processor = time.perf_counter(), time.process_time()
        results[name] = found = way()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        dsc = 2 * (found & truth).sum() / (found.sum() + truth.sum())
        print(f"{name:17} {wall:6.2f} s  {processor:6.2f} s processor  DSC {dsc:.4f}")
    if options.script:
        print("official equals the script:", np.array_equal(results["official"], results["published script"]))


if __name__ == "__main__":
    main()
