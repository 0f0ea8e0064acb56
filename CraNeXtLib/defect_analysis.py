"""Where defects lie: regions, side and size of one, distribution and frequency map of a cohort (paper, section VI)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import ConvexHull, QhullError, cKDTree
from scipy.spatial.distance import pdist

from CraNeXtLib.categorization import Categorization, outer_surface
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.head.head_pose import HeadPose
from CraNeXtLib.pictures.region_pictures import draw_frequency
from CraNeXtLib.regions import ALL_REGIONS

BILATERAL_SHARE = 0.1  # of the volume beyond the midline
SAMPLING_MM = 2.0


@dataclass(frozen=True)
class DefectAnalysis:
    """Place and size of one defect.

    Attributes:
        percent: Of its volume in each region, by the region's name; undefined last; they sum to 100.
        main_region: The region with most of it.
        side: ``"left"``, ``"right"``, or ``"bilateral"`` if more than a tenth lies beyond the mid-sagittal plane.
        left_percent: Of its volume on the patient's left.
        area_cm2: Of its outer surface.
        volume_ml: Volume.
        extent_mm: Distance between its two points furthest apart.
    """

    percent: dict[str, float]
    main_region: str
    side: str
    left_percent: float
    area_cm2: float
    volume_ml: float
    extent_mm: float


def analyse_defect(implant: Volume, skull: HeadPose) -> DefectAnalysis:
    """Tell which regions a defect takes, on which side, and how large it is.

    Args:
        implant: Mask of the implant, or of the bone that is missing; of any grid in the skull's space.
        skull: How the template lies on the skull, such as the categorized skull. Regions and mid-sagittal plane are the
            template's, so that they are known where bone is missing too.

    Raises:
        InputError: If the mask is empty.
    """
    box = implant.crop(foreground_box(implant.voxels != 0))
    mask = box.with_voxels(box.voxels != 0)
    points = mask.to_ras(np.argwhere(mask.voxels))
    counts = np.bincount(skull.label_points(points), minlength=len(ALL_REGIONS) + 1)[1:]
    percent = {region.name: round(100 * int(n) / len(points), 2) for region, n in zip(ALL_REGIONS, counts, strict=True)}
    left = float((skull.to_template(points)[:, 0] < 0).mean())
    side = "bilateral" if BILATERAL_SHARE < left < 1 - BILATERAL_SHARE else "left" if left > 0.5 else "right"
    _, areas = outer_surface(mask, centre=skull.centre)
    return DefectAnalysis(
        percent=percent,
        main_region=max(percent, key=percent.get),
        side=side,
        left_percent=round(100 * left, 2),
        area_cm2=round(float(areas.sum()) / 100, 2),
        volume_ml=round(len(points) * mask.voxel_volume_mm3 / 1000, 3),
        extent_mm=round(_extent(points), 1),
    )


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
    bone = bone[cKDTree(missing).query(bone, distance_upper_bound=SAMPLING_MM)[0] > SAMPLING_MM]
    places = np.argwhere(skull.template.voxels > 0)
    matrix = skull.template_to_skull @ skull.template.affine
    points = places @ matrix[:3, :3].T + matrix[:3, 3]
    near = ((points > missing.min(axis=0) - 10) & (points < missing.max(axis=0) + 10)).all(axis=1)
    places, points = places[near], points[near]
    taken = cKDTree(missing).query(points)[0] < cKDTree(bone).query(points)[0]
    result = np.zeros(skull.template.shape, bool)
    result[tuple(places[taken].T)] = True
    return result


def write_cohort(
    names: Sequence[str], defects: Iterable[tuple[Volume, Categorization]], out: str | Path
) -> list[DefectAnalysis]:
    """Analyse the defects of a cohort.

    Writes ``defects.csv`` (one row a defect), ``distribution.csv`` and ``distribution.png`` (mean share of each region
    and how many defects lie mainly in it, by side), and ``frequency.nrrd`` and ``frequency.png`` (in how many per cent
    of the cohort each voxel of the template is missing).

    Args:
        names: Of the cases.
        defects: Implant and categorized skull of each case, all on one template; read one after the other.
        out: Folder to write into, all or nothing.

    Raises:
        InputError: If there is no defect, one is empty, or the folder cannot be written.
    """
    analyses, template, taken = [], None, None
    for implant, skull in defects:
        analyses.append(analyse_defect(implant, skull))
        template = skull.template
        taken = defect_on_template(implant, skull) + (0 if taken is None else taken)
    if template is None:
        raise InputError("The cohort holds no defect.")
    frequency = template.with_voxels((100 * taken / len(analyses)).astype(np.float32))
    with filling(out) as folder:
        _write_defects(names, analyses, folder / "defects.csv")
        _write_distribution(analyses, folder / "distribution.csv")
        _draw_distribution(analyses, folder / "distribution.png")
        write_volume(frequency, folder / "frequency.nrrd")
        draw_frequency(template, frequency, folder / "frequency.png")
    return analyses


def _sample(mask: Volume) -> np.ndarray:
    """Return RAS points of a mask about every 2 mm, shape (N, 3)."""
    reduced = shrink(mask.with_voxels(mask.voxels != 0), SAMPLING_MM)
    return reduced.to_ras(np.argwhere(reduced.voxels >= min(0.5, reduced.voxels.max())))


def _extent(points: np.ndarray) -> float:
    try:
        points = points[ConvexHull(points).vertices]
    except QhullError:  # a flat or tiny piece has no hull
        points = points[:: len(points) // 1000 + 1]
    return float(pdist(points).max()) if len(points) > 1 else 0.0


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
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


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
