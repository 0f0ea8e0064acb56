"""``cranext evaluate``."""

import json

from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT


def test_evaluate_prints_and_writes(run, tmp_path):
    files = ["--implant", REFERENCE_IMPLANT, "--reference", REFERENCE_IMPLANT, "--skull", SKULL]
    status, printed, _ = run("evaluate", *files)
    assert status == 0
    assert [line.split() for line in printed.splitlines()][:2] == [["dsc", "1.0000"], ["bdsc", "1.0000"]]
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
