"""Finishing from file to files, by the command line and by the worker."""

import html
import json
from pathlib import Path

import numpy as np
import pytest
import trimesh
from phantoms import OBLIQUE, Head, head
from scipy.spatial import cKDTree

from CraNeXtLib.cli import main
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.runtime.jobs import Job
from CraNeXtLib.geometry.volume_files import read_volume, volume_hash, write_volume

FILES = {
    "finish.json",
    "finished_implant.3mf",
    "finished_implant.nrrd",
    "finished_implant.stl",
    "fit_maps.vtp",
}
PICTURES = {f"{name}.png" for name in ("fit_gap", "fit_symmetry", "fit_thickness", "implant", "six_sides", "slices")}
ADDED = ("--bone-model", 15, "--glb", "--suture-holes", 3, "--midline-mm", 0, "--fixation", "hole_edge_mm=4")
ONLAY = ("--onlay-mm", 0.6, 8)
ADDED_FILES = {
    "bone_model.stl",
    "bone_model.3mf",
    "viewer.glb",
    "fixation.csv",
    "fixation.mrk.json",
    "onlay.stl",
    "onlay.3mf",
    "onlay.svg",
    "onlay.dxf",
}
REPORT = {"report.html", "report.pdf", "approval.html", "approval.pdf", "approval.png"} | PICTURES


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path, Head]:
    phantom = head(spacing=(2.0, 2.0, 2.0), directions=OBLIQUE)
    folder = tmp_path_factory.mktemp("files")
    write_volume(phantom.implant, folder / "implant.nrrd")
    write_volume(phantom.defective, folder / "skull.nrrd")
    return folder / "implant.nrrd", folder / "skull.nrrd", phantom


def refused(arguments, capsys, *words):
    """Run a command that must end with one sentence that holds some words."""
    assert main([str(a) for a in arguments]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("cranext: error: ")]
    assert all(word in line for word in words)


def test_the_command_writes_a_part_that_lies_where_the_implant_lay(files, tmp_path, capsys):
    implant, skull, phantom = files
    out = tmp_path / "out"
    arguments = ["finish", implant, "--skull", skull, "--out", out, "--thickness-mm", 3, 5, "--insertion=40,20,60"]
    arguments += ["--perforations-mm", 3, 12, 6, "--material", "PMMA"]
    assert main([str(a) for a in arguments]) == 0
    printed = capsys.readouterr().out
    assert "Verdict: " in printed.splitlines()[0]
    assert "g if of solid PMMA" in printed
    assert "research use" in printed
    assert {path.name for path in out.iterdir()} == FILES | REPORT
    text = (out / "finish.json").read_text()
    assert str(implant.parent) not in text
    result = json.loads(text)
    assert set(result["files"]) == FILES | REPORT
    hashes = {name: volume_hash(file) for name, file in (("implant", implant), ("skull", skull))}
    assert {name: (result["input"][name]["path"], result["input"][name]["sha256"]) for name in hashes} == {
        name: (f"{name}.nrrd", value) for name, value in hashes.items()
    }
    assert result["case_id"] == hashes["skull"][:8]
    assert hashes["implant"][:8].encode() in (out / "finished_implant.stl").read_bytes()[:80]
    assert result["checklist"]["criteria"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert result["verdict"]["sentence"] in html.unescape(page)
    assert all(value in page for value in hashes.values())
    sheet = (out / "approval.html").read_text(encoding="utf-8")
    assert sha256_of(out / "finished_implant.stl") in sheet
    assert all(value in sheet for value in hashes.values())
    refused(arguments, capsys, f"{out} already holds a finished part", "--replace")
    assert (out / "finish.json").read_text() == text
    assert main([str(a) for a in [*arguments, "--replace", "--no-report", "--case-id", "A-7", *ADDED, *ONLAY]]) == 0
    assert {path.name for path in out.iterdir()} == FILES | ADDED_FILES
    again = json.loads((out / "finish.json").read_text())
    assert again["case_id"] == "A-7"
    assert again["bone_model"]["margin_mm"] == 15
    assert again["bone_model"]["watertight"]
    (onlay,) = again["onlay"]
    assert (onlay["watertight"], onlay["thickness_mm"], onlay["overlap_mm"]) == (True, 0.6, 8)
    assert "A-7" in (out / "onlay.svg").read_text()
    assert [hole["purpose"] for hole in again["finishing"]["pieces"][0]["holes"]] == ["suture"] * 3
    settings = result["finishing"]["settings"]
    assert (settings["minimum_thickness_mm"], settings["maximum_thickness_mm"]) == (3, 5)
    assert settings["perforation_pitch_mm"] == 12
    assert result["finishing"]["pieces"][0]["perforations"] > 0
    assert result["fit"]["of"] == "finished_implant"
    assert f"Verdict: {result['verdict']['answer']}" in printed.replace("NOT", "not")
    finished = read_volume(out / "finished_implant.nrrd")
    assert finished.shape == phantom.implant.shape
    np.testing.assert_array_equal(finished.affine, phantom.implant.affine)
    mesh = trimesh.load(out / "finished_implant.stl")
    assert mesh.is_watertight
    assert mesh.volume / 1000 == pytest.approx(again["fit"]["volume_ml"], abs=0.01)
    points = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels)) * (-1, -1, 1)  # the file is in LPS
    assert cKDTree(points).query(mesh.vertices)[0].max() < 4


def test_bad_options_end_with_one_sentence_and_no_files(files, tmp_path, capsys):
    implant, skull, _ = files
    for wrong in (
        ["--clearance-mm", "9"],
        ["--insertion", "up"],
        ["--thickness-mm", "5", "3"],
        ["--fixation", "hole_edge_mm=4"],
    ):
        assert main(["finish", str(implant), "--skull", str(skull), "--out", str(tmp_path / "out"), *wrong]) == 2
        assert capsys.readouterr().err.startswith("cranext: error: ")
    assert not (tmp_path / "out").exists()


def test_the_worker_finishes_for_slicer(files, tmp_path):
    implant, skull, _ = files
    settings = {"clearance_mm": 1.0, "insertion": [40, 20, 60]}
    arguments = {"implant": str(implant), "skull": str(skull), "out": str(tmp_path / "out"), "report": False}
    told = []
    result = Job("finish", arguments | {"settings": settings}).wait(
        lambda stage, fraction: told.append((stage, fraction))
    )
    assert set(result["files"]) == FILES
    assert result["finishing"]["settings"]["clearance_mm"] == 1.0
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    assert "Finishing piece 1 of 1" in {stage for stage, _ in told}
