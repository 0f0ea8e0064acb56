"""The contents of a data set in numbers: the paper's Table 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import numpy as np

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.anatomy.categorization.defect_location import DefectAnalysis, analyze_defect
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.skull_pair import SkullPair, load_case


@dataclass(frozen=True)
class Spread:
    """Mean, sample standard deviation (n - 1) and number of the values of one quantity."""

    mean: float
    sd: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> Spread | None:
        """Return the spread of some values, None without any."""
        if not values:
            return None
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        return cls(float(np.mean(values)), sd, len(values))


@dataclass(frozen=True)
class DatasetStatistics:
    """Table 1 of the paper for a data set.

    The paper prints the implant's share of the complete skull, 0.0955, under "[%]"; it is a ratio (9.55 %).

    Attributes:
        skulls: Number of different skulls.
        cases: Number of cases, complete skulls without a defect included.
        sizes: Voxels along the axes, such as ``512 × 512 × 512``, and how many cases have them.
        spacings_mm: Voxel spacing, such as ``0.4 × 0.4 × 0.4``, and how many cases have it.
        complete_vor_percent: Voxel occupancy rate: the complete skull's share of all voxels, in percent.
        implant_vor_percent: The implant's share of all voxels, in percent.
        implant_to_complete_ratio: Implant divided by complete skull; a ratio.
        implant_ml: Volume of the implant, in mL.
        kinds: How many cases of each kind of defect the manifest names.
        regions: In how many cases most of the defect lies in each region of the skull; None if that was not asked for.
        region_percent: Share of the defects' volume in each region, mean over the defects, in percent; likewise.
        unreadable: Cases left out, with the reason.
    """

    skulls: int
    cases: int
    sizes: dict[str, int]
    spacings_mm: dict[str, int]
    complete_vor_percent: Spread | None
    implant_vor_percent: Spread | None
    implant_to_complete_ratio: Spread | None
    implant_ml: Spread | None
    kinds: dict[str, int]
    regions: dict[str, int] | None
    region_percent: dict[str, float] | None
    unreadable: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return the numbers as JSON would hold them."""
        return asdict(self)

    def table(self) -> str:
        """Return Table 1 as text."""
        rows = [
            ("Unique skulls", f"{self.skulls}"),
            ("Cases", f"{self.cases}"),
            ("Size", _counts(self.sizes)),
            ("Spacing [mm]", _counts(self.spacings_mm)),
            ("VOR of complete skull [%]", _spread(self.complete_vor_percent)),
            ("VOR of implant [%]", _spread(self.implant_vor_percent)),
            ("Implant / complete skull [ratio]", _spread(self.implant_to_complete_ratio)),
            ("Implant [mL]", _spread(self.implant_ml, digits=1)),
            ("Kinds of defect", _counts(self.kinds)),
        ]
        if self.regions is not None and self.region_percent is not None:
            shares = ", ".join(f"{region} {share:.1f}" for region, share in self.region_percent.items() if share)
            rows += [("Defects by main region", _counts(self.regions)), ("Share of the defects [%]", shares or "-")]
        if self.unreadable:
            rows.append(("Left out", "; ".join(f"{case}: {reason}" for case, reason in self.unreadable.items())))
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def dataset_statistics(
    cases: Iterable[DatasetCase],
    *,
    regions: bool = False,
    progress: Callable[[int, DatasetCase], None] | None = None,
) -> DatasetStatistics:
    """Measure a data set, one case at a time.

    Args:
        cases: Cases of a manifest.
        regions: Whether to find the regions of the skull that each defect lies in.
        progress: Called with the number of cases read so far and the next case; may raise to stop.
    """
    cases = list(cases)
    sizes: Counter[str] = Counter()
    spacings: Counter[str] = Counter()
    defects: list[DefectAnalysis] = []
    complete_vor: dict[tuple[str, str], float] = {}  # a skull with five defects counts once
    implant_vor, ratios, volumes = [], [], []
    unreadable = {}
    for number, case in enumerate(cases):
        if progress:
            progress(number, case)
        try:
            pair = load_case(case)
        except InputError as error:
            unreadable[case.name] = str(error)
            continue
        sizes[" × ".join(map(str, pair.complete.shape))] += 1
        spacings[" × ".join(f"{s:.3g}" for s in pair.complete.spacing)] += 1
        bone, lost, voxels = _voxel_counts(pair)
        complete_vor[case.skull] = 100 * bone / voxels
        if case.has_defect and lost:
            implant_vor.append(100 * lost / voxels)
            volumes.append(lost * pair.complete.voxel_volume_mm3 / 1000)
            if bone:
                ratios.append(lost / bone)
            if regions:
                try:
                    defects.append(analyze_defect(pair.implant, categorize(pair.defective).pose))
                except InputError as error:
                    unreadable[case.name] = f"of the regions: {error}"
    return DatasetStatistics(
        skulls=len({case.skull for case in cases}),
        cases=len(cases),
        sizes=dict(sizes.most_common()),
        spacings_mm=dict(spacings.most_common()),
        complete_vor_percent=Spread.of(list(complete_vor.values())),
        implant_vor_percent=Spread.of(implant_vor),
        implant_to_complete_ratio=Spread.of(ratios),
        implant_ml=Spread.of(volumes),
        kinds=dict(Counter(case.kind for case in cases if case.kind).most_common()),
        regions=dict(Counter(defect.main_region for defect in defects).most_common()) if regions else None,
        region_percent=_mean_shares(defects) if regions else None,
        unreadable=unreadable,
    )


def _voxel_counts(pair: SkullPair) -> tuple[int, int, int]:
    """Return the numbers of bone voxels, of those that are missing, and of all voxels."""
    bone, lost = (int(np.count_nonzero(mask.voxels)) for mask in (pair.complete, pair.implant))
    return bone, lost, pair.complete.voxels.size


def _mean_shares(defects: list[DefectAnalysis]) -> dict[str, float]:
    """Return the mean share of each region in the defects, in percent, the largest first."""
    names = (region.name for region in ALL_REGIONS)
    shares = {name: round(float(np.mean([defect.percent[name] for defect in defects])), 2) for name in names if defects}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def _spread(spread: Spread | None, *, digits: int = 4) -> str:
    return "-" if spread is None else f"{spread.mean:.{digits}f} ± {spread.sd:.{digits}f} (n = {spread.count})"


def _counts(counts: dict[str, int]) -> str:
    """Return the ten most frequent names with their counts."""
    shown = [f"{name} ({count})" for name, count in list(counts.items())[:10]]
    return ", ".join(shown + [f"and {len(counts) - 10} others"] * (len(counts) > 10)) or "-"
