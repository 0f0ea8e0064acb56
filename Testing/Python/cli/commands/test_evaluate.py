"""``cranext evaluate``."""

import json

import pytest

from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT


def test_evaluate_prints_and_writes(run, tmp_path):
    files = ["--implant", REFERENCE_IMPLANT, "--reference", REFERENCE_IMPLANT, "--skull", SKULL]
    status, printed, _ = run("evaluate", *files)
    assert status == 0
    assert [line.split() for line in printed.splitlines()][:2] == [["dsc", "1.0000"], ["bdsc", "1.0000"]]
    asked = [line.strip().partition("?") for line in printed.splitlines() if "?" in line]
    answers = {question: answer.split()[0] for question, _, answer in asked}
    assert len(answers) == 5
    assert answers["Is the shape restored"] == "yes"
    status, printed, _ = run("evaluate", *files, "--json")
    assert json.loads(printed)["metrics"] == {"dsc": 1, "bdsc": 1, "dh95_mm": 0, "sdh_mm": 0, "fnr": 0, "fpr": 0}
    assert run("evaluate", *files[:4])[0] == 2
    assert run("evaluate", "--cohort", tmp_path)[0] == 2

    judged = ["--threshold", "step_mm=0.01", "--rating", "complete=no", "--cause", "defect_edge"]
    assert run("evaluate", *files, "--out", tmp_path / "out", *judged)[0] == 0
    checklist = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))["checklist"]
    assert {c["name"]: c["passed"] for c in checklist["criteria"]}["smooth_transition"] is False
    assert (checklist["reader_ratings"], checklist["causes"]) == ({"complete": False}, ["defect_edge"])
    for wrong in (["--threshold", "beauty=1"], ["--threshold", "gap_mm"], ["--rating", "complete=perhaps"]):
        assert run("evaluate", *files, "--out", tmp_path / "out", *wrong)[0] == 2


@pytest.mark.parametrize("number", ["nan", "1e400", "-inf", "-1", "much"])
def test_a_threshold_is_a_number_from_0_up(run, tmp_path, number):
    files = ("--implant", "absent", "--reference", "absent", "--skull", "absent", "--out", tmp_path / "out")
    status, _, error = run("evaluate", *files, "--threshold", f"gap_mm={number}")
    assert status == 2
    assert "The --threshold gap_mm must be a number" in error
    assert f"not '{number}'" in error
    assert run("finish", "absent", "--skull", "absent", *files[6:], "--fit-limit", f"gap_mm={number}")[
        2
    ] == error.replace("--threshold", "--fit-limit")


@pytest.mark.parametrize("option", ["--segment", "--implant-segment", "--reference-segment", "--orientation"])
def test_what_a_cohort_gives_for_each_case_is_refused_for_all(run, tmp_path, option):
    status, _, error = run("evaluate", "--cohort", tmp_path, "--out", tmp_path / "out", option, "1")
    assert status == 2
    assert f"leave out {option}; give it for each case, in the column {option[2:].replace('-', '_')}." in error


def test_a_name_that_no_file_can_have_ends_with_one_line(run, tmp_path):
    for name in ("x" * 300, "/".join(["abc"] * 1100), "a\0b"):
        status, _, error = run("evaluate", "--implant", name, "--reference", SKULL, "--skull", SKULL)
        assert (status, error.count("cranext: error: ")) == (2, 1)
        status, _, error = run("evaluate", "--cohort", name, "--out", tmp_path / "out")
        assert (status, error.count("cranext: error: ")) == (2, 1)
        status, _, error = run("finish", REFERENCE_IMPLANT, "--skull", SKULL, "--out", name)
        assert (status, error.count("cranext: error: ")) == (2, 1)
