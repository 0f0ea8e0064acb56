"""Two small data sets to try the paper's experiments on a CPU, from a folder of SkullFix skulls.

``python Testing/benchmarks/experiments.py SKULLFIX --out DIR`` writes ``a.csv`` and ``b.csv`` with masks of about 1
mm of 50 skulls: every second skull with the challenge's own implant in A, the others with a synthetic defect of one
of SkullBreak's five kinds in B. ``cranext experiment run cpu --a DIR/a.csv --b DIR/b.csv --out RUN`` then runs the
experiments.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from CraNeXtLib.datasets.layouts import find_cases
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.datasets.skull_pair import SkullPair, load_case
from CraNeXtLib.datasets.synthetic_defects.cutting import make_defect
from CraNeXtLib.geometry.resampling import resampled_occupancy, shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

SPACING_MM = 1.0
MARGIN_VOXELS = 12
KINDS = ("bilateral", "fronto-orbital", "parieto-temporal", "random-1", "random-2")
VALIDATION, TEST = 2, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("skullfix", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--skulls", type=int, default=50, help="total of both data sets; default: %(default)s")
    options = parser.parse_args()
    cases = [case for case in find_cases(options.skullfix, layout="skullfix") if case.has_defect and case.complete]
    order = np.random.default_rng(0).permutation(len(cases))[: options.skulls]
    listed: dict[str, list[DatasetCase]] = {"a": [], "b": []}
    for number, index in enumerate(order):
        key = "ab"[number % 2]
        place = len(listed[key])
        split = "test" if place < TEST else "validation" if place < TEST + VALIDATION else "training"
        pair, kind = coarse(load_case(cases[index])), "skullfix"
        if key == "b":
            kind = KINDS[place % len(KINDS)]
            pair = SkullPair(pair.complete, pair.complete, make_defect(pair.complete, kind, seed=number))
        subject = cases[index].subject
        files = {role: options.out / key / f"{subject}_{role}.nrrd" for role in ("complete", "implant")}
        for role, path in files.items():
            write_volume(getattr(pair, role), path)
        listed[key].append(DatasetCase(subject=subject, kind=kind, source="skullfix", split=split, **files))
        print(key, split, subject, kind, f"{pair.implant.voxels.sum() * pair.implant.voxel_volume_mm3 / 1000:.1f} mL")
    for key, members in listed.items():
        write_manifest(members, options.out / f"{key}.csv")


def coarse(pair: SkullPair) -> SkullPair:
    """Return a pair at a coarser spacing, with a margin around the bone."""
    share = shrink(pair.complete, SPACING_MM)
    affine = share.affine.copy()
    affine[:3, 3] = share.to_ras(np.full((1, 3), -MARGIN_VOXELS))[0]
    share = Volume(np.pad(share.voxels, MARGIN_VOXELS), affine)
    lost = resampled_occupancy(pair.implant, affine, share.shape)
    complete = share.voxels >= 0.5
    implant = complete & (lost >= share.voxels / 2)
    return SkullPair(*(share.with_voxels(mask) for mask in (complete, complete & ~implant, implant)))


if __name__ == "__main__":
    main()
