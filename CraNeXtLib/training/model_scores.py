"""How good a model's implants are: the cases' own defects and synthetic ones of every kind, at full resolution.

``python -m CraNeXtLib.training.model_scores MODEL MANIFEST`` scores a model folder on the validation cases, one defect
of every kind a skull, writes the scores by kind into its description, and its card anew. It goes on where it was
stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib import models
from CraNeXtLib.atomic_files import filling
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, SkullPair, load_case, read_manifest
from CraNeXtLib.defects import KINDS, make_defect
from CraNeXtLib.errors import CraNeXtError
from CraNeXtLib.implant import implant_of
from CraNeXtLib.metrics import border_dice, dice, surface_distances
from CraNeXtLib.models import Completer
from CraNeXtLib.surface_projection import projected_distances
from CraNeXtLib.volumes import Volume, foreground_box

OWN = "own"  # the defect that the case comes with
ALL_KINDS = (OWN, *KINDS)
METRICS = ("dsc", "bdsc", "dh95_mm", "sdh_mm")
BROKEN_DSC = 0.6  # an implant that overlaps less than this is of no use
STRAY_MM3 = 500.0

Row = dict[str, float | None]  # None, from JSON, is an infinite distance


def pairs_of(pair: SkullPair, kinds: Iterable[str], seed: int = 0) -> Iterable[tuple[str, SkullPair]]:
    """Yield a case with its own defect and with synthetic ones instead.

    Args:
        pair: The case.
        kinds: ``OWN`` or names of ``CraNeXtLib.defects.KINDS``.
        seed: Of the synthetic defects.
    """
    for kind in kinds:
        if kind != OWN:
            implant = make_defect(pair.complete, kind, seed=seed)
            defective = pair.complete.with_voxels(pair.complete.voxels & ~implant.voxels)
            yield kind, SkullPair(pair.complete, defective, implant)
        elif pair.implant.voxels.any():
            yield kind, pair


def score_pair(completer: Completer, pair: SkullPair, *, device: str = "cpu") -> Row:
    """Return the metrics of the implant that a model gives for a defect, and in how many ways it is broken.

    Returns:
        The four metrics; ``broken`` is 1 if there is no implant or its DSC is below 0.6; ``stray`` counts the pieces of
        half a millilitre or more that lie wholly outside the true implant.
    """
    proposal = completer.propose(pair.defective, device=device, progress=lambda _: None)
    part = pair.defective.crop(proposal.box)
    found = implant_of(part, part.with_voxels(proposal.probability), threshold=proposal.threshold)
    voxels = np.zeros(pair.defective.shape, bool)
    voxels[proposal.box] = found.voxels
    implant = pair.implant.with_voxels(voxels)
    dsc = dice(implant, pair.implant)
    return {
        "dsc": dsc,
        "bdsc": border_dice(implant, pair.implant, pair.defective),
        "dh95_mm": surface_distances(implant, pair.implant).percentile(95),
        "sdh_mm": projected_distances(implant, pair.implant, pair.defective).hausdorff,
        "broken": float(dsc < BROKEN_DSC),
        "stray": float(_stray_pieces(implant, pair.implant)),
    }


def _stray_pieces(implant: Volume, reference: Volume) -> int:
    """Return the number of large pieces that share no voxel with the reference."""
    if not implant.voxels.any():
        return 0
    box = foreground_box(implant.voxels)
    labels, count = ndimage.label(implant.voxels[box], structure=np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:] * implant.voxel_volume_mm3
    touching = np.bincount(labels[reference.voxels[box]], minlength=count + 1)[1:]
    return int(np.count_nonzero((sizes >= STRAY_MM3) & (touching == 0)))


def score_cases(
    completer: Completer,
    cases: Iterable[tuple[str, Callable[[], SkullPair]]],
    *,
    kinds: Iterable[str] = ALL_KINDS,
    seed: int = 0,
    known: Mapping[str, Row] | None = None,
    told: Callable[[str, Row], None] = lambda _name, _row: None,
) -> dict[str, Row]:
    """Score cases with defects of many kinds.

    Args:
        completer: The loaded model.
        cases: Name of each and a function that loads it.
        kinds: Which defects, see ``pairs_of``.
        seed: Of the synthetic defects, together with the case's name.
        known: Rows of an earlier call that need not be computed again.
        told: Told each new row.

    Returns:
        Rows by case and kind, as ``"019/bilateral"``.
    """
    rows = dict(known or {})
    kinds = list(kinds)
    for name, load in cases:
        wanted = [kind for kind in kinds if f"{name}/{kind}" not in rows]
        for kind, pair in pairs_of(load(), wanted, seed + zlib.crc32(name.encode())) if wanted else ():
            rows[f"{name}/{kind}"] = row = score_pair(completer, pair)
            told(f"{name}/{kind}", row)
    return rows


def by_kind(rows: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    """Return the scores of each kind: number of cases, mean, spread and worst of each metric, broken and stray."""
    groups: dict[str, list[Row]] = {}
    for name, row in rows.items():
        groups.setdefault(name.rsplit("/", 1)[-1], []).append(row)
    return {kind: _summary(group) for kind, group in groups.items()}


def _summary(rows: list[Row]) -> dict[str, Any]:
    summary: dict[str, Any] = {"n": len(rows)}
    for metric in METRICS:
        values = np.array([np.inf if row[metric] is None else row[metric] for row in rows])
        spread = values.std(ddof=1) if len(values) > 1 and np.isfinite(values).all() else 0.0
        worst = values.max() if metric.endswith("mm") else values.min()
        figures = {"mean": values.mean(), "sd": spread, "worst": worst}
        summary[metric] = {key: round(float(v), 4) if np.isfinite(v) else None for key, v in figures.items()}
    return summary | {flag: int(sum(row[flag] > 0 for row in rows)) for flag in ("broken", "stray")}


def section(description: Mapping[str, Any]) -> str:
    """Return the part of a model's card about the kinds of defects; empty without such scores."""
    parts = []
    for split, scores in description.get("scores_by_kind", {}).items():
        spacing = scores["spacing_mm"]
        place = f"On masks reduced to blocks of at most {spacing:g} mm." if spacing else "At full resolution."
        parts.append(
            f"""## {split.capitalize()} skulls by kind of defect

`{OWN}` is the defect that the case comes with; the others were cut by the generator, one a skull. Means, with the worst
case in brackets. Broken: no implant, or a DSC below {BROKEN_DSC}. Stray: a piece of {STRAY_MM3 / 1000:g} mL or more
wholly outside the true implant. {place}

{table(by_kind(scores["cases"]))}
"""
        )
    return "\n".join(parts)


def table(summaries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the scores by kind as a Markdown table: mean, and in brackets the worst."""
    lines = ["| defect | n | DSC | bDSC | dH95, mm | SdH, mm | broken | stray |", "|---|---|---|---|---|---|---|---|"]
    for kind, summary in summaries.items():
        cells = [
            f"{_text(summary[metric]['mean'], metric)} ({_text(summary[metric]['worst'], metric)})"
            for metric in METRICS
        ]
        lines.append(f"| {kind} | {summary['n']} | {' | '.join(cells)} | {summary['broken']} | {summary['stray']} |")
    return "\n".join(lines)


def _text(value: float | None, metric: str) -> str:
    if value is None:
        return "none"
    return f"{value:.2f}" if metric.endswith("mm") else f"{value:.3f}"


def put_scores(folder: Path, split: str, scores: dict[str, Any]) -> None:
    """Put the scores of a split into a model folder's description, and write its card anew."""
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    cases = {
        name: {key: round(value, 4) if np.isfinite(value) else None for key, value in row.items()}
        for name, row in scores["cases"].items()
    }
    description.setdefault("scores_by_kind", {})[split] = scores | {"cases": cases}
    with filling(folder) as new:
        if description["kind"] == "pca_skull":
            from CraNeXtLib.training.pca_skull_model import write_description
        else:
            from CraNeXtLib.training.model_folder import write_description
        write_description(new, description)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m CraNeXtLib.training.model_scores", description=__doc__)
    parser.add_argument("model", help="name or folder of the model")
    parser.add_argument("manifest", type=Path, help="data set with splits")
    parser.add_argument("--split", choices=SPLITS, default="validation", help="default: %(default)s")
    parser.add_argument("--kinds", nargs="+", choices=ALL_KINDS, default=ALL_KINDS, help="default: all")
    parser.add_argument("--spacing", type=float, default=0, metavar="MM", help="reduce the skulls first; default: not")
    parser.add_argument("--dry-run", action="store_true", help="print the table and leave the model as it is")
    options = parser.parse_args(arguments)
    try:
        model = models.find(options.model)
        cases = [case for case in read_manifest(options.manifest) if case.split == options.split]
        known = model.description.get("scores_by_kind", {}).get(options.split, {})
        rows: dict[str, Row] = dict(known["cases"]) if known.get("spacing_mm") == options.spacing else {}

        def keep(name: str, row: Row) -> None:
            rows[name] = row
            print(name, " ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
            if not options.dry_run:
                put_scores(model.folder, options.split, {"spacing_mm": options.spacing, "cases": rows})

        score_cases(
            model.load(),
            [(case.subject, partial(_load, case, options.spacing)) for case in cases],
            kinds=options.kinds,
            known=rows,
            told=keep,
        )
        print(table(by_kind(rows)))
    except CraNeXtError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _load(case: DatasetCase, spacing_mm: float) -> SkullPair:
    pair = load_case(case)
    return reduced(pair, spacing_mm) if spacing_mm else pair


def reduced(pair: SkullPair, spacing_mm: float) -> SkullPair:
    """Return a case on blocks of its voxels of at most a spacing: for a quicker look."""
    factors = np.maximum(np.floor(spacing_mm / pair.complete.spacing + 1e-6), 1).astype(int)
    size = [slice(0, length // factor * factor) for length, factor in zip(pair.complete.shape, factors, strict=True)]
    shares = []
    for mask in (pair.complete, pair.implant):
        sums = mask.voxels[tuple(size)]
        for axis, factor in enumerate(factors):
            sums = np.add.reduceat(sums, np.arange(0, sums.shape[axis], factor), axis=axis, dtype=np.uint16)
        shares.append(sums)
    affine = pair.complete.affine.copy()
    affine[:3, :3] *= factors
    affine[:3, 3] = pair.complete.to_ras((factors[None] - 1) / 2)[0]
    bone = shares[0] >= np.prod(factors) / 2
    implant = bone & (shares[1] >= shares[0] / 2)
    return SkullPair(*(Volume(mask, affine) for mask in (bone, bone & ~implant, implant)))


if __name__ == "__main__":
    sys.exit(main())
