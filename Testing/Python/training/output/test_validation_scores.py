"""A model is scored on own and synthetic defects, and the scores go into its folder."""

import json
from types import SimpleNamespace

import pytest
from phantoms import head

from CraNeXtLib.cases import model_scoring
from CraNeXtLib.cli import main
from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.core.errors import NoImplantError
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.training.output.model_folder import add_scores, read_scores
from CraNeXtLib.training.output.validation_scores import ALL_KINDS, score_into, tasks_of


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


def test_tasks_are_every_case_s_own_defect_and_a_synthetic_one_of_each_kind_a_skull(tmp_path):
    cases = [
        DatasetCase(subject="1", source="a", kind=kind, complete=tmp_path / "c", implant=tmp_path / "i")
        for kind in ("left", "right")
    ]
    cases.append(DatasetCase(subject="2", complete=tmp_path / "c"))
    names = [task.name for task in tasks_of(cases, ("own", "bilateral"))]
    assert names == ["a/1/left/own", "a/1/bilateral", "a/1/right/own", "2/bilateral"]
    assert ALL_KINDS[0] == "own"


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
    manifest = str(tmp_path / "manifest.csv")
    assert main(["models", "score", str(model.folder), "--manifest", manifest, "--kinds", "own"]) == 0
    assert len(answers) == 1  # two had a score already
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("2/own dsc 1.000")
    assert printed[-2].startswith("| own | 3 | 0.667")
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
    add_scores(model.folder, [rows[0] | {"dsc": 0.25}])
    assert [row["dsc"] for row in read_scores(model.folder)] == [0.25, 0, 1, 1]
