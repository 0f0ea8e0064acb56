"""Implants for defects beyond the vault: python Testing/benchmarks/hard_defects.py MANIFEST --out FOLDER.

The validation skulls of a data set receive defects that are harder than those of ``CraNeXtLib.datasets`` in three ways:

* They bend: a smooth random displacement of 4 mm, with waves of 40 to 90 mm, deforms the spheres before they cut.
* They are deep: all bone in the spheres goes, down to 60 mm below the outer surface; the others stop at 20 mm. So an
  orbit loses roof and side wall, and a temple the greater wing of the sphenoid.
* They lie low: around the orbit, at the temporal base and at the occiput below the inion. Their centers lie above the
  ear canals, but they end where the spheres end, up to 25 mm below, beyond the grids of the networks.

``lamella`` is not broken through: it leaves the inner table.

Prints one line for each case, then the mean and the worst of each kind: DSC, bDSC, dH95, the volume relative to the
true one, and the opening that is left. The latter is the area, seen from the center of the vault, in which missing
bone is more than 2 mm from bone and implant. --out keeps one file for each case, so that a stopped run can continue.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.anatomy.head.landmarks import SkullFrame, skull_frame
from CraNeXtLib.anatomy.head.pose import upright_frame
from CraNeXtLib.cases.model_scoring import EvaluatedTask, EvaluationTask, Row, score_model
from CraNeXtLib.completion import model_library
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest
from CraNeXtLib.datasets.skull_pair import SkullPair, contents, load_case
from CraNeXtLib.datasets.synthetic_defects.cutting import cut_implant
from CraNeXtLib.datasets.synthetic_defects.kinds import DefectKind
from CraNeXtLib.datasets.synthetic_defects.shapes import DefectShape, bent, draw_bend, draw_waves, sphere_shape
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.output.model_card import OWN
from CraNeXtLib.training.output.validation_scores import reduced

SPACING_MM = 1.3
DEEP_MM = 60.0
BEND_MM = 4.0
EAR_CANALS, LOWEST = 0.66, 0.8
"""Where the ear canals lie, and where the lowest defects end, below the vertex as a fraction of the skull's length."""

KINDS = {
    "fronto-orbital": DefectKind((12, 42), (-8, 15), radius=(30, 4), lowest=LOWEST),
    "temporal-base": DefectKind((70, 110), (-14, 12), radius=(32, 5), lowest=LOWEST),
    "occipital-low": DefectKind((145, 180), (-22, 2), radius=(30, 5), lowest=LOWEST),
    "bilateral": DefectKind((0, 12), (30, 80), radius=(40, 5), stretch=(1.6, 1.0, 1.0), lowest=EAR_CANALS),
    "anywhere": DefectKind((0, 180), (5, 90), radius=(30, 8), lowest=EAR_CANALS),
    "lamella": DefectKind((0, 150), (5, 70), radius=(36, 6), lowest=EAR_CANALS),
}
"""The kinds by name."""


def bent_shape(kind: str, frame: SkullFrame, rng: np.random.Generator) -> DefectShape:
    """Draw a defect whose spheres are bent."""
    bend = draw_bend(rng, BEND_MM)
    shape = bent(sphere_shape(KINDS[kind], frame, rng, draw_waves(rng)), bend)
    return replace(shape, reach=DEEP_MM, lamella=rng.uniform(0.25, 0.6) if kind == "lamella" else -1.0)


def hard_defect(complete: Volume, kind: str, seed: int, frame: SkullFrame) -> SkullPair:
    """Cut a defect of at least 5 mL into a complete skull."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    while True:
        implant = cut_implant(complete, bent_shape(kind, frame, rng), frame)
        if np.count_nonzero(implant.voxels) * complete.voxel_volume_mm3 >= 5000:
            return SkullPair(complete, complete.with_voxels(complete.voxels & ~implant.voxels), implant)


def opening_cm2(implant: Volume, pair: SkullPair) -> float:
    """Return the area, seen from the center of the vault, of missing bone that neither implant nor bone is near."""
    distances = ndimage.distance_transform_edt(~(implant.voxels | pair.defective.voxels), sampling=implant.spacing)
    points = implant.to_ras(np.argwhere(pair.implant.voxels)) - skull_frame(pair.complete).center
    radii = np.linalg.norm(points, axis=1)
    pixels = cKDTree(_sphere(20_000)).query(points / radii[:, None])[1]
    nearest = np.full(20_000, np.inf)
    np.minimum.at(nearest, pixels, distances[pair.implant.voxels])
    open_pixels = np.isfinite(nearest) & (nearest > 2)
    mean_radius = np.bincount(pixels, radii, 20_000) / np.maximum(np.bincount(pixels, minlength=20_000), 1)
    return float((4 * np.pi / 20_000 * mean_radius[open_pixels] ** 2).sum() / 100)


def _sphere(count: int) -> np.ndarray:
    """Return evenly distributed directions (Fibonacci lattice), shape (count, 3)."""
    up = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (1 + 5**0.5) * np.arange(count)
    return np.column_stack([np.cos(turn) * np.sqrt(1 - up**2), np.sin(turn) * np.sqrt(1 - up**2), up])


@lru_cache(maxsize=1)
def _skull(case: DatasetCase, spacing_mm: float) -> tuple[SkullPair, SkullFrame]:
    pair = reduced(load_case(case), spacing_mm)
    return pair, upright_frame(pair.complete)


def _load(case: DatasetCase, kind: str, spacing_mm: float) -> SkullPair:
    pair, frame = _skull(case, spacing_mm)
    return pair if kind == OWN else hard_defect(pair.complete, kind, zlib.crc32(case.subject.encode()), frame)


def tasks(cases: list[DatasetCase], kinds: list[str], spacing_mm: float) -> list[EvaluationTask]:
    """Return the defects to make implants for, skull by skull."""
    return [
        EvaluationTask(
            name=f"{case.name}/{kind}",
            load=partial(_load, case, kind, spacing_mm),
            subject=case.subject,
            kind=kind,
            contents=partial(contents, case),
        )
        for case in cases
        for kind in kinds
        if kind != OWN or case.has_defect
    ]


def more_of(evaluated: EvaluatedTask) -> Row:
    """Return what the usual metrics do not say."""
    true = np.count_nonzero(evaluated.pair.implant.voxels)
    return {
        "opening_cm2": round(opening_cm2(evaluated.implant, evaluated.pair), 2),
        "relative_volume": round(np.count_nonzero(evaluated.implant.voxels) / true, 3),
    }


def line(name: str, rows: list[Row]) -> str:
    """Return one line of the table."""
    columns = [np.array([row[key] for row in rows]) for key in ("dsc", "bdsc", "dh95_mm", "relative_volume")]
    dsc, bdsc, distance, volume = columns
    opening = np.array([row["opening_cm2"] for row in rows])
    return (
        f"{name:26} {len(rows):3}  {dsc.mean():.3f} ({dsc.min():.3f})  {bdsc.mean():.3f}  {np.median(distance):5.2f}  "
        f"{volume.mean():.2f}  {opening.mean():5.1f} ({opening.max():.1f}) cm2"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", help="data set with splits")
    parser.add_argument("--out", type=Path, required=True, help="folder for one file of each case")
    parser.add_argument("--model", default=model_library.DEFAULT_MODEL, help="name or folder of a model")
    parser.add_argument("--kinds", nargs="+", choices=(*KINDS, OWN), default=[*KINDS, OWN])
    parser.add_argument("--subjects", nargs="+", help="only these skulls")
    parser.add_argument("--spacing", type=float, default=SPACING_MM, help=f"blocks in mm (default {SPACING_MM})")
    options = parser.parse_args()
    cases = [case for case in read_manifest(options.manifest) if case.split == "validation"]
    cases = [case for case in cases if not options.subjects or case.subject in options.subjects]

    def report(evaluated: EvaluatedTask) -> Row:
        more = more_of(evaluated)
        print(line(evaluated.task.name, [evaluated.row | more]), flush=True)
        return more

    rows = score_model(
        model_library.find(options.model),
        tasks(cases, options.kinds, options.spacing),
        folder=options.out,
        on_evaluated=report,
    )
    print("case or kind, n, DSC mean (worst), bDSC, dH95 in mm (median), volume, opening left (largest)")
    for kind in options.kinds:
        print(line(kind, [row for row in rows if row["kind"] == kind]))


if __name__ == "__main__":
    main()
