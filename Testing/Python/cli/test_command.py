"""The command's contract: exit status, one line of error, nothing half-written, and a result on the bundled skull."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest

from CraNeXtLib.cases.edited_implant import write_implant_files
from CraNeXtLib.cli import main
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files import hashing
from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

OUTPUTS = {
    "complete_skull.nrrd",
    "implant.nrrd",
    "implant.stl",
    "implant.3mf",
    "implant.png",
    "expected_error.nrrd",
    "expected_error.vtp",
    "expected_error.png",
    "six_sides.png",
    "slices.png",
    "finished_implant.nrrd",
    "finished_implant.stl",
    "finished_implant.3mf",
    "fit_maps.vtp",
    "fit_gap.png",
    "fit_thickness.png",
    "fit_symmetry.png",
    "result.json",
    "report.html",
    "report.pdf",
}


@pytest.fixture
def run(capsys):
    """Run the command; return its status and what it printed on both streams."""

    def run_command(*arguments) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_command


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The outputs of ``cranext demo``, run as a user would."""
    out = tmp_path_factory.mktemp("demo output") / "Füllung"
    process = subprocess.run(
        [sys.executable, "-m", "CraNeXtLib.cli", "demo", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return out, process.stdout, process.stderr


def test_demo_writes_everything_and_names_a_picture(demo):
    out, printed, progress = demo
    assert {p.name for p in out.iterdir()} == OUTPUTS
    assert all(str(out / name) in printed for name in OUTPUTS)
    assert "Open this picture" in printed
    assert "research use" in printed
    percents = [int(line.split("%")[0]) for line in progress.splitlines() if "%" in line.split("  ")[0]]
    assert percents == sorted(percents)


def test_demo_result_has_the_inputs_geometry_and_fits(demo):
    out, _, _ = demo
    skull = read_volume(SKULL)
    result = json.loads((out / "result.json").read_text())
    implant, complete = read_volume(out / "implant.nrrd"), read_volume(out / "complete_skull.nrrd")
    for volume in (implant, complete):
        assert volume.shape == skull.shape
        np.testing.assert_array_equal(volume.affine, skull.affine)
        assert volume.voxels.dtype == np.uint8
    assert not ((implant.voxels > 0) & (skull.voxels > 0)).any()
    np.testing.assert_array_equal(complete.voxels > 0, (skull.voxels > 0) | (implant.voxels > 0))
    assert result["watertight"]
    finished = read_volume(out / "finished_implant.nrrd")
    assert finished.shape == skull.shape
    assert not ((finished.voxels > 0) & (skull.voxels > 0)).any()
    assert (finished.voxels > 0).sum() < (implant.voxels > 0).sum()
    assert result["fit"]["of"] == "finished_implant"
    assert result["fit"]["fits"]
    assert result["finishing"]["settings"] == result["parameters"]["finishing"]
    assert result["implant_volume_ml"] == pytest.approx(
        (implant.voxels > 0).sum() * skull.voxel_volume_mm3 / 1000, abs=0.01
    )
    assert not result["preview"]
    assert result["metrics"]["dsc"] > 0.6
    assert 0.2 < result["expected_error"]["mean_mm"] < result["expected_error"]["p95_mm"] < 2
    assert result["expected_error"]["worst"]["side"] == "left"
    assert "Expected error" in (out / "report.html").read_text(encoding="utf-8")
    assert result["model"] == {"name": model_library.DEFAULT_MODEL, "sha256": model_library.find().sha256}
    assert result["input"]["sha256"] == hashing.sha256_of(SKULL)
    assert set(result["thickness_mm"]) == {"min", "p05", "median", "p95", "max"}
    assert result["defect_area_cm2"] > 0
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "For research use" in report
    assert "http" not in report.replace("https://", "http").split("<style>")[0]
    assert result["model"]["sha256"] in report


def test_a_preview_is_quick_and_says_what_it_is(run, tmp_path):
    status, printed, _ = run("reconstruct", SKULL, "--out", tmp_path / "out", "--preview")
    assert status == 0
    assert "Warning: This is a quick preview" in printed
    names = {f"{name}.nrrd" for name in ("complete_skull", "implant", "expected_error")}
    assert {p.name for p in (tmp_path / "out").iterdir()} == names | {
        "expected_error.vtp",
        "implant.stl",
        "result.json",
    }
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert result["preview"]
    assert (result["model"]["name"], result["parameters"]["finishing"]) == ("pca_skull", None)
    assert result["warnings"][0].startswith("This is a quick preview")
    assert b"PREVIEW" in (tmp_path / "out/implant.stl").read_bytes()[:80]
    skull, implant = read_volume(SKULL), read_volume(tmp_path / "out/implant.nrrd")
    np.testing.assert_array_equal(implant.affine, skull.affine)
    truth = read_volume(REFERENCE_IMPLANT)
    assert dice(implant, truth) > 0.8
    for wanted in ({"report": True}, {"report": False, "finishing": {}}):
        with pytest.raises(InputError, match="is a quick preview; make it without"):
            write_implant_files("i.nrrd", "s.nrrd", tmp_path / "export", result=result, edited=False, **wanted)
    status, _, error = run("reconstruct", SKULL, "--out", tmp_path / "other", "--preview", "--model", "mine")
    assert status == 2
    assert "choose no other" in error


def test_a_complete_skull_ends_with_status_3(run, tmp_path):
    skull, implant = read_volume(SKULL), read_volume(REFERENCE_IMPLANT)
    write_volume(skull.with_voxels((skull.voxels > 0) | (implant.voxels > 0)), tmp_path / "complete.nrrd")
    status, _, error = run("reconstruct", tmp_path / "complete.nrrd", "--out", tmp_path / "out")
    assert status == 3
    assert "nothing missing" in error
    assert not (tmp_path / "out").exists()


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


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["reconstruct"],
        ["reconstruct", "a.nrrd"],
        ["reconstruct", "a.nrrd", "--out", "x", "--device", "abacus"],
        ["reconstruct", str(SKULL), "--out", "x", "--model", "nonsense"],
        ["reconstruct", str(SKULL), "--out", "x", "--orientation", "RRR"],
        ["reconstruct", str(SKULL), "--out", "x", "--segment", "Femur"],
        ["models", "info", "nonsense"],
        ["models", "import", "missing.pth"],
    ],
)
def test_bad_usage(run, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    status, printed, error = run(*arguments)
    assert (status, printed) == (2, "")
    assert error.splitlines()[-1].startswith("cranext: error: ")
    assert list(tmp_path.iterdir()) == []


def test_defects_writes_pairs(run, tmp_path):
    skull, implant = read_volume(SKULL), read_volume(REFERENCE_IMPLANT)
    complete = (skull.voxels > 0) | (implant.voxels > 0)
    write_volume(skull.with_voxels(complete), tmp_path / "complete.nrrd")
    options = ["--kind", "random-1", "--count", 2, "--seed", 5]
    status, printed, _ = run("defects", tmp_path / "complete.nrrd", "--out", tmp_path / "out", *options)
    assert status == 0
    names = [Path(line).name for line in printed.split()]
    assert sorted(names) == sorted(p.name for p in (tmp_path / "out").iterdir())
    for seed in ("0005", "0006"):
        defective, cut = (
            read_volume(tmp_path / f"out/random-1-{seed}_{role}.nrrd") for role in ("defective", "implant")
        )
        assert cut.voxels.any()
        np.testing.assert_array_equal((defective.voxels > 0) ^ (cut.voxels > 0), complete)


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


def test_dataset_and_training_configuration(run, tmp_path):
    (tmp_path / "pairs").mkdir()
    skull, implant = read_volume(SKULL), read_volume(REFERENCE_IMPLANT)
    for name in ("a", "b", "c"):
        write_volume(skull, tmp_path / f"pairs/{name}_defective.nrrd")
        write_volume(implant, tmp_path / f"pairs/{name}_implant.nrrd")
    manifest = tmp_path / "manifest.csv"
    options = ["--validation", 0.3, "--test", 0.3, "--no-check"]
    status, printed, _ = run("dataset", "make", tmp_path / "pairs", "--out", manifest, *options)
    assert status == 0
    assert "3 cases of 3 skulls: 1 training, 1 validation, 1 test" in printed
    status, printed, _ = run("dataset", "stats", manifest)
    assert status == 0
    assert "0.8 × 0.8 × 0.8" in printed
    status, printed, _ = run("dataset", "check", manifest)
    assert (status, "warning" in printed or "error" in printed) == (2, True), "one skull is on both sides of the split"
    (tmp_path / "pairs/c_implant.nrrd").write_text("damaged")
    status, printed, _ = run("dataset", "regions", manifest, "--out", tmp_path / "regions")
    assert status == 0
    assert "2 of 3 cases" in printed
    assert "c_implant.nrrd cannot be read" in printed
    assert (tmp_path / "regions/frequency.png").stat().st_size > 1000
    assert len(list((tmp_path / "regions/cases").iterdir())) == 2
    status, printed, _ = run("train", "--print-config")
    assert status == 0
    (tmp_path / "typo.yaml").write_text("data:\n  manifesto: x\n")
    status, _, error = run("train", tmp_path / "typo.yaml")
    assert status == 2
    assert "manifesto" in error


def test_models_list_and_doctor(run):
    status, printed, _ = run("models", "list")
    assert status == 0
    assert f"{model_library.DEFAULT_MODEL} " in printed
    status, printed, _ = run("doctor")
    assert status == 0
    assert "torch" in printed
    assert "Devices: cpu" in printed


def test_importing_the_library_is_cheap():
    code = "import sys, CraNeXtLib; print([m for m in ('numpy', 'torch', 'monai', 'nibabel') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
