"""The model folder of a fitted shape model can be found and used."""

import pytest
from eggshells import MEAN_AXES, fitted_model, head, hole_at, implant_by, without

from CraNeXtLib.cli import main
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.training.shape_model.make import write_model


def test_a_written_model_can_be_found_and_used(tmp_path):
    cases = [DatasetCase(subject="a", complete=tmp_path / "a.nrrd", split="training")]
    write_model(tmp_path / "model", fitted_model(), cases=cases, data="made-up heads", licence="none")
    found = model_library.find(tmp_path / "model")
    assert found.description["split"] == {"training": ["a"], "validation": [], "test": []}
    assert "made-up heads" in (tmp_path / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")
    skull = head(MEAN_AXES)
    implant = hole_at(skull, (0.3, -0.5, 0.8))
    assert dice(implant_by(load_model(found), without(skull, implant)), implant) > 0.88


@pytest.fixture
def manifest(tmp_path):
    """Two eggshells, one to fit and one with a hole to validate."""
    skull = head(MEAN_AXES)
    write_volume(skull, tmp_path / "complete.nrrd")
    write_volume(hole_at(skull, (0.3, -0.5, 0.8)), tmp_path / "implant.nrrd")
    files = {"complete": tmp_path / "complete.nrrd"}
    cases = [
        DatasetCase(subject="a", split="training", **files),
        DatasetCase(subject="b", split="validation", implant=tmp_path / "implant.nrrd", **files),
    ]
    write_manifest(cases, tmp_path / "eggs.csv")
    return tmp_path / "eggs.csv"


def test_the_command_fits_the_training_skulls_and_scores_the_others(manifest, tmp_path, monkeypatch, capsys):
    fitted = []

    def fit(skulls, _template, **_options):
        fitted.extend(skulls)
        return fitted_model()

    monkeypatch.setattr("CraNeXtLib.training.shape_model.make.fit", fit)
    assert main(["models", "fit-shape", "--manifest", str(manifest), "--out", str(tmp_path / "model")]) == 0
    assert len(fitted) == 1
    description = model_library.find(tmp_path / "model").description
    assert description["data"] == "eggs"
    assert description["scores"]["validation"]["dsc"]["mean"] > 0.85
    assert "| own | 1 |" in capsys.readouterr().out


def test_the_command_fits_the_published_method_with_its_own_settings(manifest, tmp_path, monkeypatch, capsys):
    asked = {}
    monkeypatch.setattr(
        "CraNeXtLib.training.shape_model.official.fit", lambda _skulls, _folder, **options: asked.update(options)
    )
    command = ["models", "fit-shape", "--manifest", str(manifest), "--out", str(tmp_path / "model")]
    assert main([*command, "--spacing", "3", "--registration", "Rigid"]) == 2
    assert "--official" in capsys.readouterr().err
    assert main([*command, "--spacing", "3", "--registration", "Rigid", "--official"]) == 0
    assert (asked["spacing_mm"], asked["registration"], asked["data"]) == (3.0, "Rigid", "eggs")
