"""The rows and the summary of a cohort."""

import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.evaluation.cohort_statistics import HIGHER_IS_BETTER
from CraNeXtLib.evaluation.cohort_tables import cohort_description, read_rows


def row(case, value=1.0, error="", flags=""):
    return {
        "case": case,
        "subject": case,
        "region": "",
        "kind": "",
        "error": error,
        "flags": flags,
        **dict.fromkeys(HIGHER_IS_BETTER, value),
        "diagonal_mm": 300.0,
    }


def test_rows_are_read_as_they_were_written_without_those_that_failed(tmp_path):
    rows = [row("a", 0.1 + 0.2), row("b", error="no skull"), row("c", np.inf)]
    (tmp_path / "cases.csv").write_text(csv_text(rows, list(rows[0])), encoding="utf-8")
    found = read_rows(tmp_path / "cases.csv")
    assert [case["case"] for case in found] == ["a", "c"]
    assert [float(case["dsc"]) for case in found] == [0.1 + 0.2, np.inf]
    with pytest.raises(InputError, match="Cannot read"):
        read_rows(tmp_path / "missing.csv")


def test_the_summary_counts_failures_and_names_errors():
    rows = [row("a", 2.0), row("b", error="no skull"), row("c", np.inf, flags="implant_empty")]
    found = cohort_description(rows)
    assert (found["cases"], found["subjects"]) == (3, 2)
    assert found["errors"] == {"b": "no skull"}
    assert found["failed_cases"] == ["c"]
    assert list(found["tables"]) == ["all"]
    assert found["tables"]["all"]["dh95_mm"]["mean"] == pytest.approx((2 + 300) / 2)


def test_a_cohort_without_any_measured_case_is_refused_with_the_first_reason():
    with pytest.raises(InputError, match="no skull"):
        cohort_description([row("a", error="no skull")])
