"""Scores of models: what counts as a failure, what is kept, and what the model folder says of it."""

import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.cases import model_scoring
from CraNeXtLib.cases.model_scoring import EvaluationTask, score_model, scores_of
from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.datasets.manifest import DatasetCase, SkullPair, write_manifest
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.training.output.model_card import scores_table
from CraNeXtLib.training.output.model_folder import put_scores, read_scores
from CraNeXtLib.training.output.validation_scores import main, score_into, tasks_of


@pytest.fixture(scope="module")
def pair():
    case = head(spacing=(4.0, 4.0, 4.0), thickness_mm=8.0)
    return SkullPair(case.complete, case.defective, case.implant)


@pytest.fixture
def model(tmp_path):
    """A copy of a bundled model without scores."""
    folder = model_import.export_model("pca_skull", tmp_path)
    (folder / model_library.SCORES_FILE).unlink(missing_ok=True)
    return model_library.find(folder)


@pytest.fixture
def answers(monkeypatch):
    """Implants that the model will give, one after the other; None for none."""
    answers = []

    def reconstruct(_skull, **_settings):
        if (implant := answers.pop(0)) is None:
            raise NoImplantError("none")
        return SimpleNamespace(implant=implant)

    monkeypatch.setattr(model_scoring, "reconstruct", reconstruct)
    return answers


def tasks(pair, *names, files=()):
    return [EvaluationTask(name=name, load=lambda: pair, subject="1", kind="own", files=files) for name in names]


def test_no_implant_is_a_failure_and_a_piece_elsewhere_is_stray(pair, model, answers):
    stray = pair.implant.voxels.copy()
    stray[:4, :4, :4] = True
    answers += [pair.implant, None, pair.implant.with_voxels(stray)]
    rows = score_model(model, tasks(pair, "good", "none", "stray"))
    assert [row["dsc"] == 1 for row in rows] == [True, False, False]
    assert [row["stray_pieces"] for row in rows] == [0, 0, 1]
    assert not np.isfinite(rows[1]["dh95_mm"])
    scores = scores_of(rows)
    assert (scores["n"], scores["broken"], scores["stray"]) == (3, 1, 1)
    assert scores["dsc"]["worst"] == 0
    diagonal = np.linalg.norm(np.array(pair.implant.shape) * 4)
    assert scores_of(rows[:2])["dh95_mm"] == pytest.approx(
        {"mean": diagonal / 2, "sd": diagonal / 2**0.5, "worst": np.inf}
    )
    assert scores_table(rows[1:2]).splitlines()[-1].startswith("| own | 1 | 0.000 (0.000) | 0.000 (0.000) |")
    assert "(none) | 1 | 0 |" in scores_table(rows[1:2])


def test_a_row_is_kept_until_the_model_or_the_case_changes(pair, model, answers, tmp_path):
    source = tmp_path / "case"
    source.touch()
    answers += [None, pair.implant, pair.implant]
    asked = tasks(pair, "a", "b", files=(source,))
    first = score_model(
        model, asked, folder=tmp_path / "rows", on_evaluated=lambda evaluated: {"more": evaluated.task.name}
    )
    assert [row["more"] for row in first] == ["a", "b"]
    again = score_model(model, asked, folder=tmp_path / "rows")
    assert [{**row, "flags": list(row["flags"])} for row in first] == again
    (tmp_path / "rows" / "b.json").write_text("{")
    assert score_model(model, asked, folder=tmp_path / "rows")[1]["dsc"] == 1
    assert not answers
    answers += [pair.implant, pair.implant]
    file = tmp_path / "rows" / "a.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model": "another"}))
    score_model(model, asked[:1], folder=tmp_path / "rows")
    later = (tmp_path / "rows" / "b.json").stat().st_mtime + 10
    source.touch()
    os.utime(source, (later, later))
    score_model(model, asked[1:], folder=tmp_path / "rows")
    assert not answers


def test_tasks_are_every_case_s_own_defect_and_a_synthetic_one_of_each_kind_a_skull(tmp_path):
    cases = [
        DatasetCase(subject="1", source="a", kind=kind, complete=tmp_path / "c", implant=tmp_path / "i")
        for kind in ("left", "right")
    ]
    cases.append(DatasetCase(subject="2", complete=tmp_path / "c"))
    names = [task.name for task in tasks_of(cases, ("own", "bilateral"))]
    assert names == ["a/1/left/own", "a/1/bilateral", "a/1/right/own", "2/bilateral"]


def test_a_model_folder_holds_the_scores_in_short_and_case_by_case(pair, model, answers, tmp_path, capsys):
    for role in ("complete", "implant"):
        write_volume(getattr(pair, role), tmp_path / f"{role}.nrrd")
    files = {role: tmp_path / f"{role}.nrrd" for role in ("complete", "implant")}
    cases = [DatasetCase(subject=str(n), split="validation", **files) for n in range(3)]
    cases.append(DatasetCase(subject="t", split="test", **files))
    write_manifest(cases, tmp_path / "manifest.csv")
    answers += [pair.implant, None]
    score_into(model.folder, cases[:2])
    answers += [pair.implant, pair.implant]
    assert main([str(model.folder), str(tmp_path / "manifest.csv"), "--kinds", "own"]) == 0
    assert len(answers) == 1  # two had a score already
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("2/own dsc 1.000")
    assert printed[-1].startswith("| own | 3 | 0.667")
    score_into(model.folder, cases, split="test", spacing_mm=4)
    description = json.loads((model.folder / "model.json").read_text())
    assert list(description["scores"]) == ["validation"]  # at full resolution
    assert description["scores"]["validation"]["n"] == 3
    assert description["scores"]["validation"]["dh95_mm"]["worst"] is None
    assert description["scores_file"] == "scores.csv"
    rows = read_scores(model.folder)
    assert [(row["split"], row["case"], row["spacing_mm"]) for row in rows] == [
        ("validation", "0/own", 0),
        ("validation", "1/own", 0),
        ("validation", "2/own", 0),
        ("test", "t/own", 4),
    ]
    assert rows[1]["dh95_mm"] == float("inf")
    card = (model.folder / "MODEL_CARD.md").read_text()
    assert "Validation skulls, at the resolution of their scans" in card
    assert "Test skulls, on masks reduced to blocks of at most 4 mm" in card
    put_scores(model.folder, [rows[0] | {"dsc": 0.25}])
    assert [row["dsc"] for row in read_scores(model.folder)] == [0.25, 0, 1, 1]


def test_scores_go_with_a_model_and_older_folders_have_them_in_the_description(model, tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    file = model.folder / "model.json"
    file.write_text(json.dumps(model.description | {"scores": {"n": 1, "dsc": {"mean": 0.9}, "cases": {"a": {}}}}))
    (model.folder / model_library.SCORES_FILE).unlink(missing_ok=True)
    older = model_library.find(model.folder)
    assert load_model(older)
    assert read_scores(older.folder) == []
    row = {"split": "validation", "spacing_mm": 0.0, "case": "a", "subject": "a", "kind": "own"}
    row |= {"dsc": 0.9, "bdsc": 0.9, "dh95_mm": 1.0, "sdh_mm": 2.0, "diagonal_mm": 300.0, "stray_pieces": 0}
    put_scores(model.folder, [row])
    added = model_import.import_model(model.folder, name="mine")
    assert read_scores(added.folder) == [row]
    put_scores(added.folder, [row | {"case": "b", "sdh_mm": np.nan, "diagonal_mm": np.nan, "stray_pieces": np.nan}])
    card = (added.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| own | 2 | 0.900 ± 0.000 (0.900) | 0.900 ± 0.000 (0.900) | 1.00 ± 0.00 (1.00) | not measured | 0 |" in card
