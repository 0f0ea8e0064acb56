"""Tables 1, 3, 4, 5 and 6 of the paper, from the results of the user's experiments."""

from __future__ import annotations

import math
from collections.abc import Sequence

from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.summary import DatasetStatistics, Spread
from CraNeXtLib.evaluation.cohort_statistics import (
    HIGHER_IS_BETTER,
    PAPER_METRICS,
    Comparison,
    Summary,
    compare,
    one_sided_t_test,
    summarize,
)
from CraNeXtLib.evaluation.evaluation import MAIN_METRICS
from CraNeXtLib.training.experiments.design import Experiment, label_of
from CraNeXtLib.training.experiments.results import CellResult, Results, Row
from CraNeXtLib.training.experiments.table_files import Table, Value, with_marks

TABLE4_METRICS = ("dsc", "dh95_mm", "sdh_mm")
SIGNIFICANT = 0.05
_HEADERS = {"dsc": "DSC", "bdsc": "bDSC", "dh95_mm": "dH95 [mm]", "sdh_mm": "SdH [mm]", "fnr": "FNR", "fpr": "FPR"}
_TITLES = {
    1: "Table 3. Systems trained on {a}",
    2: "Table 4. CraNeXt by the data it is trained on",
    3: "Table 5. CraNeXt on original and on categorized skulls",
}
_MEANS = (
    "Mean ± standard deviation of the sample; the best value of a column is bold. A case without an implant counts "
    "with DSC 0 and, for a distance, with the diagonal of its image."
)
_SIZES = (
    "Parameters: all values in the weights. The file is in half precision; the paper's column 'Size' is that of a "
    "file in single precision. FPR depends on the field of view."
)
_T_TEST = (
    "p-values below 0.05 are bold. As in the paper, the defects of one skull count as independent, and there is no "
    "correction for the number of tests."
)
_BY_SKULL = (
    "Each cell: mean difference B − A with its 95 % bootstrap interval over skulls; p after Holm's correction over the "
    "four metrics; r, the matched-pairs rank-biserial correlation, from −1 (A better in every skull) to 1. p below "
    "0.05 is bold."
)


def all_tables(results: Results, progress: ProgressCallback | None = None) -> list[Table]:
    """Return every table that the finished cells allow.

    Raises:
        InputError: If a data set cannot be read for Table 1.
    """
    tables = [table1(results.statistics(progress))]
    for experiment in results.config.experiments():
        if any(name in results.cells for name in experiment.cells):
            tables.append(table4(results, experiment) if experiment.number == 2 else table3(results, experiment))
    return [*tables, *table6(results)]


def table1(statistics: dict[str, DatasetStatistics]) -> Table:
    """Return Table 1 of the paper: the content of the data sets, by their names."""
    rows = []
    for name, of in (
        ("Unique skulls", lambda s: Value(str(s.skulls), s.skulls)),
        ("Cases", lambda s: Value(str(s.cases), s.cases)),
        ("Size", lambda s: Value(_most_frequent(s.sizes))),
        ("Spacing [mm]", lambda s: Value(_most_frequent(s.spacings_mm))),
        ("Defect types", lambda s: Value(", ".join(f"{kind} ({n})" for kind, n in s.kinds.items()) or "not named")),
        ("VOR of complete skull [%]", lambda s: _of_sample(s.complete_vor_percent)),
        ("VOR of implant [%]", lambda s: _of_sample(s.implant_vor_percent)),
        ("Implant / complete skull [ratio]", lambda s: _of_sample(s.implant_to_complete_ratio)),
        ("Implant [mL]", lambda s: _of_sample(s.implant_ml, digits=1)),
    ):
        rows.append([Value(name), *map(of, statistics.values())])
    notes = ("VOR: voxel occupancy rate. Mean ± standard deviation of the sample.",)
    return Table("table1", "Table 1. Data sets", ("Data set", *statistics), rows, notes)


def table3(results: Results, experiment: Experiment) -> Table:
    """Return Table 3 or 5 of the paper: the six metrics of each cell on all test cases, with its size."""
    cells = _done(results, experiment)
    tested_on = results.config.tested_on()
    rows = [
        [
            _label(results, experiment, cell),
            Value(f"{cell.parameters:,}", cell.parameters),
            Value(f"{cell.size_mb:.1f}", cell.size_mb),
            *(_mean(cell.tested_on(tested_on), metric) for metric in MAIN_METRICS),
        ]
        for cell in cells
    ]
    best = (None, None, None, *(HIGHER_IS_BETTER[metric] for metric in MAIN_METRICS))
    columns = ("Model", "Parameters", "File [MB]", *map(_header, MAIN_METRICS))
    names = {1: "table3", 3: "table5"}
    notes = [f"{_tests(results, cells)} {_MEANS}", _SIZES, *_shortcomings(results, experiment, cells)]
    title = _TITLES[experiment.number].format_map(results.config.names)
    return Table(names[experiment.number], title, columns, with_marks(rows, best), notes)


def table4(results: Results, experiment: Experiment) -> Table:
    """Return Table 4 of the paper: three metrics of each cell on the test cases of A and of B."""
    cells, names = _done(results, experiment), results.config.names
    columns_of = [(key, metric) for key in ("a", "b") for metric in TABLE4_METRICS]
    rows = [
        [_label(results, experiment, cell), *(_mean(cell.tested_on(key), metric) for key, metric in columns_of)]
        for cell in cells
    ]
    best = (None, *(HIGHER_IS_BETTER[metric] for _, metric in columns_of))
    columns = ("Trained on", *(f"{names[key]}: {_header(metric)}" for key, metric in columns_of))
    notes = [
        f"{_tests(results, cells)} {_MEANS} The second-best is italic.",
        *_shortcomings(results, experiment, cells),
    ]
    title = _TITLES[experiment.number].format_map(names)
    return Table("table4", title, columns, with_marks(rows, best, second=True), notes)


def table6(results: Results) -> list[Table]:
    """Return Table 6 of the paper twice: with its own test, and with tests that treat skulls as the units."""
    official, by_skull = [], []
    names = results.config.names | {"ab": " and ".join(results.config.names.values())}
    for experiment in results.config.experiments():
        for pair in experiment.comparisons:
            if pair.first not in results.cells or pair.second not in results.cells:
                continue
            first, second = (results.cells[name] for name in (pair.first, pair.second))
            tested_on = pair.tested_on if results.config.b else "a"
            rows = first.tested_on(tested_on), second.tested_on(tested_on)
            start = [
                Value(str(experiment.number)),
                Value(names[tested_on]),
                *(_label(results, experiment, cell) for cell in (first, second)),
            ]
            if len(rows[0]) > 1:
                p_values = one_sided_t_test(*rows)
                official.append([*start, *(_p(p_values[metric]) for metric in PAPER_METRICS)])
                found = compare(*rows)
                by_skull.append([*start, *(_comparison(found[metric]) for metric in PAPER_METRICS)])
    if not official:
        return []
    columns = ("Exp.", "Tested on", "A", "B", *(_HEADERS[metric] for metric in PAPER_METRICS))
    title, title_by_skull = (
        "Table 6. One-sided paired t-test that B is better than A, as published",
        "Table 6, by skull. Two-sided Wilcoxon signed-rank test of the skulls' mean differences",
    )
    return [
        Table("table6", title, columns, official, [_T_TEST]),
        Table("table6-by-skull", title_by_skull, columns, by_skull, [_BY_SKULL]),
    ]


def document(results: Results, tables: Sequence[Table]) -> str:
    """Return all tables as one Markdown page."""
    head = f"# Experiments\n\n{RESEARCH_USE_NOTICE}\n\n"
    if results.missing:
        head += f"Not done yet: {', '.join(results.missing)}.\n\n"
    return head + "\n".join(table.markdown() for table in tables)


def _done(results: Results, experiment: Experiment) -> list[CellResult]:
    return [results.cells[name] for name in experiment.cells if name in results.cells]


def _label(results: Results, experiment: Experiment, cell: CellResult) -> Value:
    return Value(label_of(cell.cell, experiment.number, results.config.names))


def _header(metric: str) -> str:
    return f"{_HEADERS[metric]} {'↑' if HIGHER_IS_BETTER[metric] else '↓'}"


def _mean(rows: Sequence[Row], metric: str) -> Value:
    if not rows:
        return Value("none")
    summary = summarize(rows, metric)
    digits = 2 if metric.endswith("_mm") else 4
    return Value(_plus_minus(summary, digits), summary.mean, summary)


def _plus_minus(summary: Summary, digits: int) -> str:
    deviation = f" ± {summary.sd:.2f}" if math.isfinite(summary.sd) else ""
    return f"{summary.mean:.{digits}f}{deviation}"


def _p(p: float) -> Value:
    if math.isnan(p):
        return Value("equal")
    return Value("<0.001" if p < 0.001 else f"{p:.4f}", p, mark="best" if p < SIGNIFICANT else "")


def _comparison(found: Comparison) -> Value:
    low, high = found.interval
    p = "<0.001" if found.p_holm < 0.001 else f"{found.p_holm:.3f}"
    text = f"{found.mean_difference:+.3f} ({low:+.3f} to {high:+.3f}); p {p}; r {found.effect_size:+.2f}"
    return Value(text, found.p_holm, mark="best" if found.p_holm < SIGNIFICANT else "")


def _of_sample(spread: Spread | None, digits: int = 4) -> Value:
    if spread is None:
        return Value("none")
    summary = Summary(spread.count, spread.mean, spread.sd)
    return Value(_plus_minus(summary, digits), spread.mean, summary)


def _most_frequent(counts: dict[str, int], most: int = 2) -> str:
    """Return the most frequent values and the number of others."""
    ordered = sorted(counts, key=lambda value: counts[value], reverse=True)
    if len(ordered) == 1:
        return ordered[0]
    rest = f", {len(ordered) - most} others" if len(ordered) > most else ""
    return ", ".join(f"{value} ({counts[value]})" for value in ordered[:most]) + rest


def _tests(results: Results, cells: Sequence[CellResult]) -> str:
    counts = []
    for key in results.config.tested_on():
        rows = cells[0].tested_on(key)
        counts.append(f"{len(rows)} of {results.config.names[key]} ({len({row['subject'] for row in rows})} skulls)")
    return f"Test cases: {', '.join(counts)}."


def _shortcomings(results: Results, experiment: Experiment, cells: Sequence[CellResult]) -> list[str]:
    """Return sentences about cases without an implant and cells that are not done."""
    failed = [
        f"{_label(results, experiment, cell).text} {count}"
        for cell in cells
        if (count := sum("implant_empty" in row["flags"] for row in cell.rows))
    ]
    missing = [name for name in experiment.cells if name not in results.cells]
    shortcomings = {"Cases without an implant": failed, "Not done": missing}
    return [f"{what}: {', '.join(names)}." for what, names in shortcomings.items() if names]
