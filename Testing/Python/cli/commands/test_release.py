"""``cranext release`` and ``cranext check`` say what they did, and end with the status of what they found."""

import hashlib
import json

from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.evaluation.criterion import Bound, Criterion


def test_release_and_check(run, tmp_path):
    step = Criterion("smooth_transition", 3.0, "mm", Bound(at_most=1.2)).as_dict()
    case = {
        "format": "cranext-finish",
        "case_id": "A-7",
        "finishing": {"settings": {}},
        "files": [],
        "fit": {"criteria": [step | {"place_ras_mm": None}]},
        "warnings": [],
        "part": {"finished_implant.stl": hashlib.sha256(b"solid").hexdigest()},
    }
    (tmp_path / "finish.json").write_text(json.dumps(with_verdict(case)))
    (tmp_path / "finished_implant.stl").write_bytes(b"solid")
    status, printed, error = run("release", tmp_path)
    assert (status, printed) == (2, "")
    assert "step to the skull 3 mm" in error
    status, printed, _ = run("release", tmp_path, "--accept", "as agreed")
    assert status == 0
    assert printed.splitlines()[:3] == ["Verdict: does NOT fit", "Accepted: as agreed", "Released: case A-7, 2 files"]
    digest = hashlib.sha256((tmp_path / "release.json").read_bytes()).hexdigest()
    assert f"release.json SHA-256 {digest}" in printed
    status, printed, _ = run("check", tmp_path)
    assert status == 0
    assert "Case A-7: unchanged since its release on 2" in printed
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "finish.json").unlink()
    status, printed, _ = run("check", tmp_path)
    assert status == 4
    assert printed.splitlines()[:2] == ["missing  finish.json", "added    notes.txt"]
    assert f"release.json SHA-256 {digest}" in printed
    for command in (["finish", "a.nrrd", "--skull", "b.nrrd", "--replace"], ["reconstruct", "a.nrrd"]):
        status, _, error = run(*command, "--out", tmp_path)
        assert status == 2
        assert f"{tmp_path} was released, and nothing in it may change; choose another folder." in error
