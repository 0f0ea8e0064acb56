"""``cranext reconstruct``: previews, and what cannot be reconstructed ends with one line and no files."""

import json
import os
from pathlib import Path

import nibabel
import numpy as np
import pytest

from CraNeXtLib.cases.edited_implant import write_implant_files
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


def test_a_preview_is_quick_and_says_what_it_is(run, tmp_path):
    status, printed, _ = run("reconstruct", SKULL, "--out", tmp_path / "out", "--preview")
    assert status == 0
    assert "Warning: This is a quick preview" in printed
    names = {f"{name}.nrrd" for name in ("complete_skull", "defective_skull", "implant", "expected_error")}
    assert {p.name for p in (tmp_path / "out").iterdir()} == names | {
        "expected_error.vtp",
        "implant.png",
        "implant.stl",
        "result.json",
    }
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert result["preview"]
    assert (result["model"]["name"], result["parameters"]["finishing"]) == ("pca_skull", None)
    assert result["warnings"][0].startswith("This is a quick preview")
    assert b"PREVIEW" in (tmp_path / "out/implant.stl").read_bytes()[:80]
    skull, implant = read_volume(SKULL), read_volume(tmp_path / "out/implant.nrrd")
    np.testing.assert_array_equal(read_volume(tmp_path / "out/defective_skull.nrrd").voxels != 0, skull.voxels != 0)
    np.testing.assert_array_equal(implant.affine, skull.affine)
    truth = read_volume(REFERENCE_IMPLANT)
    assert dice(implant, truth) > 0.8
    for wanted in ({"report": True}, {"report": False, "finishing": {}}):
        with pytest.raises(InputError, match="is a quick preview; make it without"):
            write_implant_files("i.nrrd", "s.nrrd", tmp_path / "export", result=result, edited=False, **wanted)
    status, _, error = run("reconstruct", SKULL, "--out", tmp_path / "other", "--preview", "--model", "mine")
    assert status == 2
    assert "choose no other" in error


def test_a_preview_refuses_to_be_finished(run, tmp_path):
    arguments = ("reconstruct", SKULL, "--out", tmp_path / "out", "--preview")
    status, _, error = run(*arguments, "--clearance-mm", 1)
    assert status == 2
    assert "leave out --preview or the finishing options" in error
    assert not (tmp_path / "out").exists()


def test_a_complete_skull_ends_with_status_3(run, tmp_path):
    skull, implant = read_volume(SKULL), read_volume(REFERENCE_IMPLANT)
    write_volume(skull.with_voxels((skull.voxels > 0) | (implant.voxels > 0)), tmp_path / "complete.nrrd")
    status, _, error = run("reconstruct", tmp_path / "complete.nrrd", "--out", tmp_path / "out")
    assert status == 3
    assert "found no defect in this skull" in error
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["result.json"]
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["outcome"] == "no implant"
    assert result["files"] == ["result.json"]


def bad_inputs(folder: Path) -> dict[str, tuple[Path, str]]:
    rng = np.random.default_rng(0)
    small = np.zeros((20, 20, 20), np.uint8)

    def saved(name: str, voxels: np.ndarray) -> Path:
        write_volume(Volume(voxels, np.eye(4)), folder / name)
        return folder / name

    def nifti(name: str, voxels: np.ndarray) -> Path:
        nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), folder / name)
        return folder / name

    text, cut = folder / "text.nrrd", saved("cut.nii.gz", (rng.random((40, 40, 40)) > 0.9).astype(np.uint8))
    text.write_text("hello")
    cut.write_bytes(cut.read_bytes()[:2000])
    return {
        "missing": (folder / "missing.nrrd", "no file"),
        "empty": (saved("empty.nrrd", small), "empty"),
        "full": (saved("full.nrrd", small + 1), "fills 100%"),
        "ct": (saved("ct.nrrd", rng.integers(-1000, 2000, (20, 20, 20)).astype(np.int16)), "--ct"),
        "flat": (nifti("flat.nii", small[0]), "2 dimensions"),
        "four": (nifti("four.nii", np.stack([small, small], axis=-1)), "4 dimensions"),
        "nan": (nifti("nan.nii", np.full((20, 20, 20), np.nan, np.float32)), "NaN"),
        "text": (text, "damaged"),
        "cut": (cut, "damaged"),
        "folder": (folder, "add --ct"),
    }


def test_bad_input_is_refused_with_status_2_and_one_line(run, tmp_path):
    (tmp_path / "in").mkdir()
    for name, (path, words) in bad_inputs(tmp_path / "in").items():
        status, printed, error = run("reconstruct", path, "--out", tmp_path / "out")
        errors = [line for line in error.splitlines() if line.startswith("cranext: error: ")]
        assert (status, printed, len(errors)) == (2, "", 1), name
        assert words in errors[0], name
        assert "Traceback" not in error
        assert not (tmp_path / "out").exists(), name


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_folder(run, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    status, _, error = run("reconstruct", SKULL, "--out", tmp_path / "locked" / "out")
    assert status == 2
    assert "Cannot write" in error


def test_an_output_folder_that_is_a_file(run, tmp_path):
    (tmp_path / "out").write_text("mine")
    status, _, error = run("reconstruct", SKULL, "--out", tmp_path / "out")
    assert status == 2
    assert "choose another folder" in error
    assert (tmp_path / "out").read_text() == "mine"
