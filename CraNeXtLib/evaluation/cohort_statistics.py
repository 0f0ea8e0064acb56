"""Tables over a cohort, and paired comparisons of two methods on the same cases.

A case is a mapping from names to values: the metrics, ``case``, ``subject`` (the skull, which may have several
defects), ``diagonal_mm`` (of the image) and any groups, such as ``region`` or ``kind``. The distances of a failed case
are infinite; every mean and test takes the diagonal of its image instead, and tables count the failures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from CraNeXtLib.core.errors import InputError

Case = Mapping[str, Any]
"""One case; see the module's docstring. Numbers may be text, as read from CSV."""

HIGHER_IS_BETTER = {
    "dsc": True,
    "bdsc": True,
    "precision": True,
    "fnr": False,
    "fpr": False,
    "dh_mm": False,
    "dh95_mm": False,
    "asd_mm": False,
    "sdh_mm": False,
    "sdh95_mm": False,
    "mean_sdh_mm": False,
    "false_positive_ml": False,
    "false_negative_ml": False,
}
PAPER_METRICS = ("dsc", "bdsc", "dh95_mm", "sdh_mm")


@dataclass(frozen=True)
class Summary:
    """Mean and standard deviation of one metric over a group of cases.

    Attributes:
        n: Number of cases, including failed ones.
        mean: Mean over all cases; failed ones count with the diagonal of their image.
        sd: Sample standard deviation of the same values; NaN for a single case.
        failed: Number of cases with an infinite value.
    """

    n: int
    mean: float
    sd: float
    failed: int = 0


@dataclass(frozen=True)
class Comparison:
    """The change of one metric from method A to method B.

    Attributes:
        mean_difference: Mean of B - A over the cases, in the metric's unit.
        interval: 95 % bootstrap interval of the mean difference; skulls are resampled with all their defects.
        p_value: p-value of a two-sided Wilcoxon signed-rank test of the skulls' mean differences.
        p_holm: The p-value after Holm's correction for the number of metrics compared.
        effect_size: Matched-pairs rank-biserial correlation, from -1 (A better in every skull) to 1 (B better).
        n_cases: Number of cases.
        n_skulls: Number of skulls they come from.
    """

    mean_difference: float
    interval: tuple[float, float]
    p_value: float
    p_holm: float
    effect_size: float
    n_cases: int
    n_skulls: int


def summarize(cases: Iterable[Case], metric: str) -> Summary:
    """Return the mean and standard deviation of one metric.

    Raises:
        InputError: If there is no case, or a case lacks the metric.
    """
    cases = list(cases)
    values = _values(cases, metric)
    return Summary(
        n=len(values),
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        failed=sum(not np.isfinite(float(case[metric])) for case in cases),
    )


def table(
    cases: Iterable[Case], metrics: Sequence[str] = tuple(HIGHER_IS_BETTER), *, by: str | None = None
) -> dict[str, dict[str, Summary]]:
    """Return a summary of each metric over all cases and, with ``by``, over each group.

    A case may belong to several groups, written ``"Frontal; Left parietal"``; it then counts in each.

    Args:
        cases: The cases.
        metrics: Names of the metrics.
        by: Name of the column to group by, such as ``"region"``.

    Returns:
        Summaries by group and metric; the first group is ``"all"``.

    Raises:
        InputError: If there is no case, or a case lacks a metric or the group.
    """
    cases = list(cases)
    groups: dict[str, list[Case]] = {}
    if by is not None:
        for case in cases:
            if by not in case:
                raise InputError(f"Case {case.get('case', '?')} has no {by}; add the column or group by another.")
            for name in str(case[by]).split(";"):
                groups.setdefault(name.strip(), []).append(case)
    return {
        name: {metric: summarize(members, metric) for metric in metrics}
        for name, members in {"all": cases, **dict(sorted(groups.items()))}.items()
    }


def one_sided_t_test(
    cases_a: Iterable[Case], cases_b: Iterable[Case], metrics: Sequence[str] = PAPER_METRICS
) -> dict[str, float]:
    """Return the paper's test: the p-value, by metric, of a paired t-test that B is better than A (its Table 6).

    Higher is better for overlaps, lower for distances and rates. The test treats the defects of one skull as
    independent and is not corrected for the number of metrics; ``compare`` corrects both.

    Raises:
        InputError: If the two methods were not evaluated on the same cases, or a case lacks a metric.
    """
    a, b = _paired(cases_a, cases_b)
    return {
        metric: float(
            stats.ttest_rel(
                _values(b, metric), _values(a, metric), alternative="greater" if HIGHER_IS_BETTER[metric] else "less"
            ).pvalue
        )
        for metric in metrics
    }


def compare(
    cases_a: Iterable[Case],
    cases_b: Iterable[Case],
    metrics: Sequence[str] = PAPER_METRICS,
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, Comparison]:
    """Compare two methods on the same cases. The independent units are skulls, not defects.

    Args:
        cases_a: Results of method A.
        cases_b: Results of method B on the same cases, in any order.
        metrics: Metrics to compare; Holm's correction is for their number.
        resamples: Number of bootstrap samples.
        seed: Seed of the bootstrap.

    Raises:
        InputError: If the two methods were not evaluated on the same cases, or a case lacks a metric or its skull.
    """
    a, b = _paired(cases_a, cases_b)
    missing = [case for case in a if not str(case.get("subject", ""))]
    if missing:
        raise InputError(f"Case {missing[0]['case']} names no skull; fill in the column 'subject'.")
    skulls, of_skull = np.unique([str(case["subject"]) for case in a], return_inverse=True)
    cases_per_skull = np.bincount(of_skull)
    draws = np.random.default_rng(seed).integers(len(skulls), size=(resamples, len(skulls)))
    found = {}
    for metric in metrics:
        differences = _values(b, metric) - _values(a, metric)
        sums = np.bincount(of_skull, weights=differences)
        bootstrap = sums[draws].sum(axis=1) / cases_per_skull[draws].sum(axis=1)
        low, high = np.percentile(bootstrap, [2.5, 97.5]).tolist()
        by_skull = sums / cases_per_skull
        found[metric] = Comparison(
            mean_difference=float(differences.mean()),
            interval=(low, high),
            p_value=float(stats.wilcoxon(by_skull).pvalue) if by_skull.any() else 1.0,
            p_holm=float("nan"),
            effect_size=_rank_biserial(by_skull if HIGHER_IS_BETTER[metric] else -by_skull),
            n_cases=len(a),
            n_skulls=len(skulls),
        )
    corrected = holm([comparison.p_value for comparison in found.values()])
    return {
        metric: Comparison(**{**vars(comparison), "p_holm": p})
        for (metric, comparison), p in zip(found.items(), corrected, strict=True)
    }


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number by Holm's step-down method (1979).

    >>> holm([0.25, 0.5, 0.125])
    [0.5, 0.5, 0.375]
    """
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(stepped, 1)
    return corrected.tolist()


def _rank_biserial(differences: np.ndarray) -> float:
    """Return the matched-pairs rank-biserial correlation of paired differences."""
    differences = differences[differences != 0]
    if not differences.size:
        return 0.0
    ranks = stats.rankdata(np.abs(differences))
    return float((ranks * np.sign(differences)).sum() / ranks.sum())


def _values(cases: Sequence[Case], metric: str) -> np.ndarray:
    if not cases:
        raise InputError("There are no cases to summarize.")
    values = []
    for case in cases:
        if metric not in case:
            raise InputError(f"Case {case.get('case', '?')} has no {metric}; evaluate it again.")
        value = float(case[metric])
        values.append(value if np.isfinite(value) else float(case["diagonal_mm"]))
    return np.array(values)


def _paired(cases_a: Iterable[Case], cases_b: Iterable[Case]) -> tuple[list[Case], list[Case]]:
    a, b = ({str(case["case"]): case for case in cases} for cases in (cases_a, cases_b))
    odd = sorted(a.keys() ^ b.keys())
    if odd:
        raise InputError(f"Both methods must be evaluated on the same cases; only one of them has {odd[0]}.")
    return list(a.values()), [b[name] for name in a]
