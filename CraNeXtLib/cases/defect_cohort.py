"""Where the defects of a cohort lie: a table, and their distribution on the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.anatomy.categorization.categorize import Categorization
from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis, analyze_defect
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.pictures.region_pictures import write_frequency_picture

_SAMPLING_MM = 2.0  # spacing of the points at which implant, skull and template are compared


def defect_on_template(implant: Volume, skull: Categorization) -> np.ndarray:
    """Tell which bone of the template a defect takes: that which is nearer to the implant than to the skull.

    Args:
        implant: Mask of the implant.
        skull: The categorized defective skull; where it overlaps the implant, it counts as missing.

    Returns:
        Bool, of the template's shape.
    """
    missing = _sample(implant)
    bone = _sample(skull.labels)
    bone = bone[cKDTree(missing).query(bone, distance_upper_bound=_SAMPLING_MM)[0] > _SAMPLING_MM]
    template = skull.pose.template
    places = np.argwhere(template.voxels > 0)
    matrix = skull.pose.template_to_skull @ template.affine
    points = apply_affine(matrix, places)
    near = ((points > missing.min(axis=0) - 10) & (points < missing.max(axis=0) + 10)).all(axis=1)
    places, points = places[near], points[near]
    taken = cKDTree(missing).query(points)[0] < cKDTree(bone).query(points)[0]
    result = np.zeros(template.shape, bool)
    result[tuple(places[taken].T)] = True
    return result


def write_cohort(
    names: Sequence[str], defects: Iterable[tuple[Volume, Categorization]], out: str | Path
) -> list[DefectAnalysis]:
    """Analyze the defects of a cohort.

    Writes ``defects.csv`` (one row per defect), ``distribution.csv`` and ``distribution.png`` (mean percentage of each
    region and the number of defects that lie mainly in it, by side), and ``frequency.nrrd`` and ``frequency.png``
    (percentage of the cohort in which each voxel of the template is missing). If anything fails, no file is written.

    Args:
        names: Names of the cases.
        defects: Implant and categorized skull of each case, all on the same template; read one at a time.
        out: Folder to write into.

    Raises:
        InputError: If there is no defect, one is empty, or the folder cannot be written.
    """
    analyses: list[DefectAnalysis] = []
    template: Volume | None = None
    taken: np.ndarray | None = None  # in how many cases each voxel of the template is missing
    for implant, skull in defects:
        analyses.append(analyze_defect(implant, skull.pose))
        template = skull.pose.template
        missing = defect_on_template(implant, skull).astype(int)
        taken = missing if taken is None else taken + missing
    if template is None or taken is None:
        raise InputError("The cohort holds no defect.")
    frequency = template.with_voxels((100 * taken / len(analyses)).astype(np.float32))
    with filling(out) as folder:
        _write_defects(names, analyses, folder / "defects.csv")
        _write_distribution(analyses, folder / "distribution.csv")
        _draw_distribution(analyses, folder / "distribution.png")
        write_volume(frequency, folder / "frequency.nrrd")
        write_frequency_picture(template, frequency, folder / "frequency.png")
    return analyses


def _sample(mask: Volume) -> np.ndarray:
    """Return RAS points of a mask about every 2 mm, shape (N, 3)."""
    reduced = shrink(mask.with_voxels(mask.voxels != 0), _SAMPLING_MM)
    return reduced.to_ras(np.argwhere(reduced.voxels >= min(0.5, reduced.voxels.max())))


def _write_defects(names: Sequence[str], analyses: Sequence[DefectAnalysis], path: Path) -> None:
    rows = []
    for name, analysis in zip(names, analyses, strict=True):
        row = {"case": name, **asdict(analysis)}
        shares = row.pop("percent")
        rows.append(row | {f"{region.key}_percent": shares[region.name] for region in ALL_REGIONS})
    _write_rows(rows, path)


def _write_distribution(analyses: Sequence[DefectAnalysis], path: Path) -> None:
    rows = []
    for region in ALL_REGIONS:
        shares = [analysis.percent[region.name] for analysis in analyses]
        mainly = [analysis.side for analysis in analyses if analysis.main_region == region.name]
        rows.append(
            {
                "region": region.name,
                "mean_percent": round(float(np.mean(shares)), 2),
                "defects_touching": sum(share > 0 for share in shares),
                "defects_mainly": len(mainly),
                **{side: mainly.count(side) for side in ("left", "right", "bilateral")},
            }
        )
    _write_rows(rows, path)


def _write_rows(rows: list[dict[str, object]], path: Path) -> None:
    path.write_text(csv_text(rows, list(rows[0])), encoding="utf-8", newline="")


def _draw_distribution(analyses: Sequence[DefectAnalysis], path: Path) -> None:
    """Draw the mean share of each region in the cohort's defects as bars."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.2), layout="constrained")
    axes = figure.add_subplot()
    shares = [np.mean([analysis.percent[region.name] for analysis in analyses]) for region in ALL_REGIONS]
    colors = [tuple(value / 255 for value in region.color) for region in ALL_REGIONS]
    bars = axes.barh([region.name for region in ALL_REGIONS], shares, color=colors)
    axes.bar_label(bars, fmt="%.1f %%", padding=3)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    axes.set_xlabel("Share of the defects' volume, mean over defects (%)")
    axes.set_title(f"Where the defects lie (n = {len(analyses)})")
    figure.savefig(path, dpi=150)
