"""A model evaluated on a data set, with a model that knows the answer, or none; and the command with a bundled one."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.cases import model_scoring
from CraNeXtLib.cases.model_evaluation import evaluate_model
from CraNeXtLib.cli import command
from CraNeXtLib.core.errors import CancelledError, InputError, NoImplantError
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


@pytest.fixture(scope="module")
def phantom():
    return head(spacing=(4.0, 4.0, 4.0), thickness_mm=8.0)


@pytest.fixture
def manifest(phantom, tmp_path):
    """Two defects of a test skull, one of them without an implant's file; and a skull that was trained on."""
    for role in ("complete", "implant", "defective"):
        write_volume(getattr(phantom, role), tmp_path / f"{role}.nrrd")
    pair = {"complete": tmp_path / "complete.nrrd", "defective": tmp_path / "defective.nrrd"}
    cases = [
        DatasetCase(subject="1", source="a", kind="left / big", split="test", **pair),
        DatasetCase(subject="1", source="a", kind="left_big", split="test", implant=tmp_path / "implant.nrrd", **pair),
        DatasetCase(subject="2", source="a", split="training", **pair),
        DatasetCase(subject="3", source="a", split="test", complete=tmp_path / "complete.nrrd"),
    ]
    write_manifest(cases, tmp_path / "manifest.csv")
    return tmp_path / "manifest.csv"


@pytest.fixture
def asked(monkeypatch, phantom):
    """A model that gives the true implant for the first skull it is asked about, and none for the others."""
    asked = []

    def reconstruct(skull, **settings):
        asked.append((skull, settings))
        if len(asked) > 1:
            raise NoImplantError("none")
        return SimpleNamespace(implant=phantom.implant)

    monkeypatch.setattr(model_scoring, "reconstruct", reconstruct)
    return asked


def test_every_defect_of_the_split_is_measured(manifest, asked, tmp_path, phantom):
    told = []
    rows = evaluate_model("pca_skull", manifest, tmp_path / "out", device="cpu", progress=lambda *p: told.append(p))
    assert [row["case"] for row in rows] == ["a_1_left_big", "a_1_left_big~2"]
    assert [row["dsc"] for row in rows] == [1.0, 0.0]
    assert [row["subject"] for row in rows] == ["a/1", "a/1"]
    assert [row["kind"] for row in rows] == ["left / big", "left_big"]
    assert len(asked) == 2
    np.testing.assert_array_equal(asked[0][0].voxels, phantom.defective.voxels)
    assert asked[0][1]["device"] == "cpu"
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    implant = read_volume(tmp_path / "out" / "volumes" / "a_1_left_big" / "implant.nrrd")
    np.testing.assert_array_equal(implant.affine, phantom.implant.affine)
    np.testing.assert_array_equal(implant.voxels != 0, phantom.implant.voxels)
    assert json.loads((tmp_path / "out" / "cohort.json").read_text())["cases"] == 2
    with (tmp_path / "out" / "cases.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2


def test_it_goes_on_where_it_was_stopped(manifest, asked, tmp_path):
    def stop_at_the_second(_stage, fraction):
        if fraction > 0:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        evaluate_model("pca_skull", manifest, tmp_path / "out", progress=stop_at_the_second)
    assert len(asked) == 1
    rows = evaluate_model("pca_skull", manifest, tmp_path / "out")
    assert len(asked) == 2
    assert [row["dsc"] for row in rows] == [1.0, 0.0]
    with pytest.raises(InputError, match="another model"):
        evaluate_model("cranext_refined", manifest, tmp_path / "out")


def test_a_missing_file_is_refused_before_anything_is_written(manifest, tmp_path):
    (tmp_path / "implant.nrrd").unlink()
    with pytest.raises(InputError, match=r"There is no file .*implant\.nrrd; check the path"):
        evaluate_model("pca_skull", manifest, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_evaluated_is_refused(manifest, tmp_path):
    for arguments, message in (
        (("no-such-model", manifest), "no model"),
        (("pca_skull", tmp_path / "none.csv"), r"none\.csv"),
    ):
        with pytest.raises(InputError, match=message):
            evaluate_model(*arguments, tmp_path / "out")
    with pytest.raises(InputError, match="'validation'; its cases with one are in: test, training"):
        evaluate_model("pca_skull", manifest, tmp_path / "out", split="validation")
    with pytest.raises(InputError, match="no split 'exam'"):
        evaluate_model("pca_skull", manifest, tmp_path / "out", split="exam")
    assert not (tmp_path / "out").exists()


def test_the_command_prints_the_means(manifest, asked, tmp_path, capsys):
    status = command.main(
        ["models", "evaluate", "pca_skull", "--manifest", str(manifest), "--out", str(tmp_path / "out")]
    )
    printed = capsys.readouterr().out
    assert status == 0
    assert len(asked) == 2
    assert "on 2 test cases" in printed
    assert "dsc          0.5000   0.7071" in printed
    assert "(1 failed)" in printed
    assert "research" in printed.lower()
