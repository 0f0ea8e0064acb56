"""Scores of models: what counts as a failure, and what is kept."""

import json
import os
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.cases import model_scoring
from CraNeXtLib.cases.model_scoring import EvaluationTask, score_model, scores_of
from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.skull_pair import SkullPair, contents
from CraNeXtLib.training.output.model_card import scores_table


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


def tasks(pair, *names, contents=dict):
    return [EvaluationTask(name=name, load=lambda: pair, subject="1", kind="own", contents=contents) for name in names]


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


def test_an_implant_beyond_the_volume_is_measured_as_a_whole(pair, model, answers):
    low = slice(0, int(np.argwhere(pair.implant.voxels)[:, 2].mean()))
    part = SkullPair(*(mask.crop((slice(None), slice(None), low)) for mask in vars(pair).values()))
    answers += [pair.implant, part.implant]
    beyond, within = score_model(model, tasks(part, "beyond", "within"))
    assert within["dsc"] == 1
    assert beyond["fnr"] == 0
    lost = pair.implant.voxels.sum() - part.implant.voxels.sum()
    assert beyond["false_positive_ml"] == pytest.approx(lost * 0.064)


def test_a_row_is_kept_until_the_model_or_the_case_changes(pair, model, answers, tmp_path):
    case = DatasetCase(subject="a", complete=tmp_path / "case.nrrd", complete_segment="1")
    case.complete.touch()
    answers += [None, pair.implant, pair.implant]
    asked = tasks(pair, "a", "b", contents=lambda: contents(case))
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
    file.write_text(json.dumps(json.loads(file.read_text()) | {"made_from": {"model": "another"}}))
    score_model(model, asked[:1], folder=tmp_path / "rows")
    case.complete.write_text("changed")
    os.utime(case.complete, (0, 0))  # as if the clock had been set back
    score_model(model, asked[1:], folder=tmp_path / "rows")
    assert not answers
    answers += [pair.implant]
    case = replace(case, complete_segment="2")
    score_model(model, asked[1:], folder=tmp_path / "rows")
    assert not answers
