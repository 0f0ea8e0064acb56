"""The tables of made-up results: values, marks, tests, and the three kinds of files."""

import csv
import io

import numpy as np
import pytest

from CraNeXtLib.evaluation import cohort_statistics
from CraNeXtLib.evaluation.checklist import CRITERIA
from CraNeXtLib.evaluation.cohort_statistics import Summary
from CraNeXtLib.training.experiments.config import read_experiments
from CraNeXtLib.training.experiments.design import CELLS
from CraNeXtLib.training.experiments.figures import draw_criteria, percentage_that_meets
from CraNeXtLib.training.experiments.results import CellResult, Results
from CraNeXtLib.training.experiments.table_files import Table, Value, with_marks
from CraNeXtLib.training.experiments.tables import document, table3, table4, table6

METRICS = ("dsc", "bdsc", "dh95_mm", "sdh_mm", "fnr", "fpr")


def made_up(cell, rng, *, better=0.0):
    """Results of a cell on three skulls of each data set, two defects a skull, one failed."""
    rows = []
    for dataset in "ab":
        for number in range(6):
            failed = dataset == "b" and number == 5 and not better
            value = 0.7 + better + 0.05 * rng.standard_normal()
            row = dict.fromkeys(("dsc", "bdsc"), value) | {"fnr": 1 - value, "fpr": 0.001}
            row |= dict.fromkeys(("dh95_mm", "sdh_mm"), float("inf") if failed else 10 * (1 - value))
            row |= {"case": f"{dataset}{number}", "subject": f"{dataset}{number // 2}", "dataset": dataset}
            flags = ["implant_empty"] if failed else []
            criteria = {} if failed else dict.fromkeys(CRITERIA, number % 2 == 0) | {"restored_shape": None}
            rows.append(row | {"kind": "", "flags": flags, "criteria": criteria, "diagonal_mm": 300.0})
    return CellResult(cell, 1000, 0.5, rows)


@pytest.fixture
def results(tmp_path):
    rng = np.random.default_rng(0)
    config = read_experiments("default", a="a.csv", b="b.csv")
    cells = {cell.name: made_up(cell, rng, better=0.1 * (cell.name == "cranext-ab")) for cell in CELLS[:-1]}
    return Results(tmp_path, config, cells)


def test_means_marks_and_failures(results):
    first, second, third = results.config.experiments()
    table = table3(results, first)
    assert [row[0].text for row in table.rows] == [cell.label for cell in CELLS[:8]]
    for row, cell in zip(table.rows, CELLS, strict=False):
        summary = cohort_statistics.summarize(results.cells[cell.name].rows, "dsc")
        assert row[3].text == f"{summary.mean:.4f} ± {summary.sd:.2f}"
        assert row[5].summary.mean > 20  # the failed case counts with the diagonal
    means = [row[3].summary.mean for row in table.rows]
    assert [row[3].mark for row in table.rows] == ["best" if mean == max(means) else "" for mean in means]
    distances = [row[5].summary.mean for row in table.rows]
    assert [row[5].mark for row in table.rows] == ["best" if d == min(distances) else "" for d in distances]
    assert any("CraNeXt 1" in note for note in table.notes)
    table = table4(results, second)
    assert [row[0].text for row in table.rows] == ["A only", "B only", "A, fine-tuned with B", "A and B combined"]
    assert [row[1].mark for row in table.rows].count("second") == 1
    assert table.rows[3][1].mark == "best"
    assert table.rows[0][1].summary.n == 6
    table = table3(results, third)
    assert [row[0].text for row in table.rows] == ["Original skull"]
    assert table.rows[0][3].mark == ""
    assert table.notes[-1] == "Not done: cranext-ab-regions."
    assert "Not done yet: cranext-ab-regions" in document(results, [table])


def test_comparisons_are_the_papers_and_those_by_skull(results):
    official, by_skull = table6(results)
    assert len(official.rows) == 5 + 6  # experiment 3 is not done
    first, second = results.cells["cranext-a"], results.cells["cranext-ab"]
    row = next(row for row in official.rows if row[1].text == "B" and row[2].text == "A only")
    rows = first.tested_on("b"), second.tested_on("b")
    expected = cohort_statistics.one_sided_t_test(*rows)
    assert [value.number for value in row[4:]] == [expected[metric] for metric in METRICS[:4]]
    assert [value.mark for value in row[4:]] == ["best" if expected[m] < 0.05 else "" for m in METRICS[:4]]
    row = next(row for row in by_skull.rows if row[1].text == "B" and row[2].text == "A only")
    assert row[4].number == cohort_statistics.compare(*rows)["dsc"].p_holm
    difference = np.mean([b["dsc"] - a["dsc"] for a, b in zip(*rows, strict=True)])
    assert row[4].text.startswith(f"{difference:+.3f} (")


def test_the_files_hold_the_same(tmp_path):
    summaries = Summary(3, 0.5, 0.1), Summary(3, 0.75, float("nan")), Summary(3, 0.6, 0.1)
    rows = [
        [Value(name), Value(f"{s.mean} ± 1", s.mean, s), Value("50 %")]
        for name, s in zip("xyz", summaries, strict=True)
    ]
    table = Table(
        "t", "Title & more", ("Model", "DSC ↑", "Rate"), with_marks(rows, (None, True, None), second=True), ["A_b."]
    )
    for path in table.write(tmp_path):
        assert path.is_file()
    assert "| y | **0.75 ± 1** | 50 % |" in table.markdown()
    assert "| z | *0.6 ± 1* | 50 % |" in table.markdown()
    assert r"y & \textbf{0.75 $\pm$ 1} & 50 \% \\" in table.latex()
    assert r"\caption{Title \& more}" in table.latex()
    assert r"A\_b." in table.latex()
    read = list(csv.DictReader(io.StringIO(table.csv())))
    assert read[2] == {
        "row": "y", "column": "DSC ↑", "text": "0.75 ± 1", "number": "0.75", "mean": "0.75", "sd": "", "n": "3",
        "failed": "0", "mark": "best",
    }  # fmt: skip


def test_equal_values_are_marked_alike_and_a_lone_one_not_at_all():
    def column(*means):
        return [[Value("m"), Value(str(mean), mean, Summary(2, mean, 0.1))] for mean in means]

    assert [row[1].mark for row in with_marks(column(2.0, 1.0, 1.0), (None, False))] == ["", "best", "best"]
    assert with_marks(column(1.0), (None, True))[0][1].mark == ""


def test_the_percentage_of_cases_that_meet_a_criterion(results, tmp_path):
    cell = results.cells["cranext-a"]
    assert percentage_that_meets(cell.rows, "complete") == 50.0  # 6 of 12, the failed one among the others
    assert percentage_that_meets(cell.rows, "restored_shape") == 0.0  # only the failed one is judged
    assert percentage_that_meets(results.cells["cranext-ab"].rows, "restored_shape") is None
    path = draw_criteria([cell], ["CraNeXt"], tmp_path / "criteria.png", results.config.experiments()[0])
    assert path.stat().st_size > 5000
