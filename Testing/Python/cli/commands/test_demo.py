"""``cranext demo``, run as a user would: every file, and an implant that fits."""

import json
import subprocess
import sys

import numpy as np
import pytest

from CraNeXtLib.cases import demo_skull
from CraNeXtLib.completion import model_library
from CraNeXtLib.core.files import hashing
from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume_files import read_volume

OUTPUTS = {
    "complete_skull.nrrd",
    "implant.nrrd",
    "defective_skull.nrrd",
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
    "approval.html",
    "approval.pdf",
    "approval.png",
}


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
    assert "://" not in report.split("<style>")[0]
    assert result["model"]["sha256"] in report


def test_the_demo_needs_a_folder_unless_it_is_rebuilt(run):
    status, printed, error = run("demo")
    assert (status, printed) == (2, "")
    assert "required: --out" in error


def test_the_demo_skull_is_rebuilt_from_bones_into_a_folder(run, monkeypatch, tmp_path):
    skull, implant = read_volume(SKULL), read_volume(REFERENCE_IMPLANT)
    asked = []
    monkeypatch.setattr(demo_skull, "build_demo_skull", lambda bones: asked.append(bones) or (skull, implant))
    status, printed, _ = run("demo", "--rebuild", "bones", "--out", tmp_path)
    assert (status, asked) == (0, ["bones"])
    assert printed.split() == [str(tmp_path / "defective_skull.nrrd"), str(tmp_path / "reference_implant.nrrd")]
    np.testing.assert_array_equal(read_volume(tmp_path / "reference_implant.nrrd").voxels, implant.voxels)


def test_bones_that_are_missing_are_named(run, tmp_path):
    status, _, error = run("demo", "--rebuild", tmp_path, "--out", tmp_path / "out")
    assert status == 2
    assert error.startswith("cranext: error: ")
    assert not (tmp_path / "out").exists()
