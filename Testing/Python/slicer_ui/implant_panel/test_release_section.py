"""Releasing an exported case from the panel, and checking a released folder."""

import pytest
from slicer_ui.panel_actions import parameters, press

from CraNeXtLib.cases.release import freeze
from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.evaluation.criterion import Bound, Criterion

pytest_plugins = ["slicer_stand_ins.pytest_plugin", "slicer_ui.implant_fixtures", "slicer_ui.implant_panel_fixtures"]

RIM = Criterion("rim_within", 80.0, "%", Bound(at_least=95.0)).as_dict()
DESCRIBED = with_verdict({"case_id": "C7", "finishing": {"settings": {}}, "fit": {"criteria": [RIM]}, "warnings": []})
FAILURE = "The part does NOT fit: 80 % of the rim within tolerance (at least 95 %)."


@pytest.fixture
def exported(made, tmp_path, monkeypatch, worker):
    """The panel after an export, with the folder of a case whose part does not fit."""
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "result.json").write_text("{}")
    (folder / "implant.stl").write_text("solid")
    described = DESCRIBED | {"part": {"implant.stl": sha256_of(folder / "implant.stl")}}
    monkeypatch.setattr(freeze, "finished_description", lambda _folder: ("result.json", described))
    worker.work = worker.do_task
    assert made.panel.releasing.releasing.stage_label.text == "Press “Export” first."
    made.panel.exporting._exported = (folder, parameters(made).result.GetAttribute("CraNeXt.Result"))
    made.panel.binding.update()
    return made, folder


def test_a_part_that_does_not_fit_needs_a_reason_and_changes_are_noticed(exported, monkeypatch):
    import qt

    made, folder = exported
    releasing, checking = made.panel.releasing.releasing, made.panel.releasing.checking
    press(releasing)
    assert releasing.message.text == (f"{FAILURE} Mend it, or give under “Reason” the reason to release it as it is.")
    assert not (folder / "release.json").exists()
    made.ui.acceptEdit.text = "bench test"
    press(releasing)
    assert releasing.message.text == (
        f"{FAILURE}\nAccepted: bench test\n{folder} is released: 2 files. SHA-256 of release.json: "
        f"{sha256_of(folder / 'release.json')}"
    )
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_arguments: str(folder))
    press(checking)
    assert checking.message.text.startswith("Case C7 is as it was released on ")
    (folder / "implant.stl").write_text("other")
    (folder / "more.txt").write_text("")
    press(checking)
    first, *rest = checking.message.text.splitlines()
    assert first.startswith("Case C7 is NOT as it was released on ")
    assert rest == ["Changed: implant.stl", "Added: more.txt"]


def test_a_folder_that_was_not_released_is_refused(exported, monkeypatch):
    import qt

    made, folder = exported
    checking = made.panel.releasing.checking
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_arguments: "")
    checking.button.click()
    assert (checking.busy, checking.message.text) == (False, "")
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", lambda *_arguments: str(folder))
    press(checking)
    assert checking.message.text == f"{folder} has no release.json; release it first, under “Release”."
