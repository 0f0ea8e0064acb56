"""The statistics against the paper's own tables, scipy, and cases whose answer is known."""

import numpy as np
import pytest
from scipy import stats

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation import cohort_statistics
from CraNeXtLib.evaluation.cohort_statistics import Summary

SKULLBREAK, IN_HOUSE = 50, 34


def combine(parts) -> Summary:
    """Return the summary of several disjoint groups together, from their summaries alone.

    The paper's Tables 3 and 5 are its Table 4 combined in this way.
    """
    n = sum(part.n for part in parts)
    mean = sum(part.n * part.mean for part in parts) / n
    squares = sum((part.n - 1) * part.sd**2 if part.n > 1 else 0.0 for part in parts)
    squares += sum(part.n * (part.mean - mean) ** 2 for part in parts)
    sd = float(np.sqrt(squares / (n - 1))) if n > 1 else float("nan")
    return Summary(n=n, mean=mean, sd=sd, failed=sum(part.failed for part in parts))


@pytest.mark.parametrize(
    ("skullbreak", "in_house", "together"),
    [  # Table 4, rows 1 and 4; Table 3 (CraNeXt) and Table 5 (original skull)
        ((0.8552, 0.06), (0.6577, 0.15), (0.7753, 0.14)),
        ((2.1196, 0.95), (6.3085, 8.94), (3.8151, 6.05)),
        ((6.8408, 4.04), (14.366, 12.4), (9.8865, 9.18)),
        ((0.8435, 0.07), (0.7217, 0.16), (0.7942, 0.13)),
        ((2.1239, 0.92), (5.1262, 7.92), (3.3391, 5.33)),
        ((7.0336, 4.16), (12.084, 10.4), (9.0779, 7.80)),
    ],
)
def test_tables_3_and_5_follow_from_table_4(skullbreak, in_house, together):
    found = combine([Summary(SKULLBREAK, *skullbreak), Summary(IN_HOUSE, *in_house)])
    assert found.n == 84
    assert found.mean == pytest.approx(together[0], rel=2e-4)
    assert found.sd == pytest.approx(together[1], rel=0.015, abs=0.005)  # printed with two digits after the point


def cases(values, *, metric="dsc", skulls=None, **columns):
    return [
        {
            "case": f"{i:03}",
            "subject": skulls[i] if skulls else f"{i:03}",
            "diagonal_mm": 350.0,
            metric: value,
            **columns,
        }
        for i, value in enumerate(values)
    ]


def test_combining_parts_equals_summarizing_the_whole():
    values = np.random.default_rng(0).normal(5, 2, 30)
    parts = [cohort_statistics.summarize(cases(part), "dsc") for part in (values[:7], values[7:8], values[8:])]
    whole = cohort_statistics.summarize(cases(values), "dsc")
    assert combine(parts).mean == pytest.approx(whole.mean)
    assert combine(parts).sd == pytest.approx(whole.sd)


def test_failed_cases_count_with_the_diagonal():
    found = cohort_statistics.summarize(cases([2.0, 4.0, np.inf], metric="dh95_mm"), "dh95_mm")
    assert (found.n, found.failed) == (3, 1)
    assert found.mean == pytest.approx((2 + 4 + 350) / 3)


def test_table_by_group():
    rows = cases([0.8, 0.9], region="Frontal") + cases([0.5], region="Frontal; Left parietal")
    found = cohort_statistics.table(rows, ["dsc"], by="region")
    assert list(found) == ["all", "Frontal", "Left parietal"]
    assert found["all"]["dsc"].n == 3
    assert found["Frontal"]["dsc"].mean == pytest.approx(2.2 / 3)
    assert found["Left parietal"]["dsc"].mean == 0.5
    assert np.isnan(found["Left parietal"]["dsc"].sd)


def test_the_papers_test_has_a_direction_per_metric():
    rng = np.random.default_rng(1)
    a = rng.normal(0.7, 0.05, 20)
    b = a + rng.normal(0.02, 0.02, 20)
    rows_a, rows_b = ([{**row, "dh95_mm": row["dsc"]} for row in cases(x)] for x in (a, b))
    found = cohort_statistics.one_sided_t_test(rows_a, rows_b, ["dsc", "dh95_mm"])
    assert found["dsc"] == pytest.approx(stats.ttest_rel(b, a, alternative="greater").pvalue)
    assert found["dsc"] < 0.01
    assert found["dh95_mm"] == pytest.approx(1 - found["dsc"])


def test_comparison_matches_scipy_where_every_case_is_a_skull():
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.8, 0.1, 25), rng.normal(0.82, 0.1, 25)
    found = cohort_statistics.compare(cases(a), list(reversed(cases(b))), ["dsc"])["dsc"]
    assert found.p_value == found.p_holm == pytest.approx(stats.wilcoxon(b, a).pvalue)
    assert found.mean_difference == pytest.approx((b - a).mean())
    assert found.interval[0] < found.mean_difference < found.interval[1]
    expected = stats.bootstrap(((b - a),), np.mean, method="percentile", rng=np.random.default_rng(3))
    assert found.interval == pytest.approx(tuple(expected.confidence_interval), abs=0.004)


def test_five_defects_of_a_skull_are_not_five_patients():
    rng = np.random.default_rng(4)
    of_skull = np.repeat(rng.normal(0.01, 0.05, 8), 5)
    a = np.full(40, 0.8)
    b = a + of_skull + rng.normal(0, 0.001, 40)
    skulls = [f"s{i // 5}" for i in range(40)]
    together = cohort_statistics.compare(cases(a, skulls=skulls), cases(b, skulls=skulls), ["dsc"])["dsc"]
    apart = cohort_statistics.compare(cases(a), cases(b), ["dsc"])["dsc"]
    assert (together.n_cases, together.n_skulls) == (40, 8)
    assert np.diff(together.interval) > 1.5 * np.diff(apart.interval)
    assert together.p_value > apart.p_value


def test_effect_size_points_to_the_better_method():
    better = cohort_statistics.compare(
        cases([2.0, 3, 4], metric="dh95_mm"), cases([1.0, 2, 3], metric="dh95_mm"), ["dh95_mm"]
    )
    assert better["dh95_mm"].effect_size == 1
    same = cohort_statistics.compare(cases([0.5, 0.6]), cases([0.5, 0.6]), ["dsc"])["dsc"]
    assert (same.effect_size, same.p_value, same.mean_difference) == (0, 1, 0)


def test_holm():
    assert cohort_statistics.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert cohort_statistics.holm([0.9, 0.8]) == [1, 1]


def test_refuses_what_cannot_be_compared():
    with pytest.raises(InputError, match="same cases"):
        cohort_statistics.compare(cases([1, 2]), cases([1]), ["dsc"])
    with pytest.raises(InputError, match="skull"):
        cohort_statistics.compare(cases([1, 2], skulls=["", ""]), cases([1, 2]), ["dsc"])
    with pytest.raises(InputError, match="no sdh_mm"):
        cohort_statistics.summarize(cases([1]), "sdh_mm")
    with pytest.raises(InputError, match="no region"):
        cohort_statistics.table(cases([1]), ["dsc"], by="region")
    with pytest.raises(InputError, match="no cases"):
        cohort_statistics.table([], ["dsc"])
