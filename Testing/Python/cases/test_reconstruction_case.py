"""The whole way in, from a DICOM series to an implant, and what the result tells of the scan and not of the patient."""

import json
from pathlib import Path

import numpy as np
import pytest
from ct_phantoms import NAME, write_series
from phantoms import every_second_voxel, head
from synthetic_ct import synthetic_ct

from CraNeXtLib.anatomy.head import mesh_masks
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.reconstruction_case import reconstruct_case
from CraNeXtLib.cases.verdict import other_warnings
from CraNeXtLib.cli import main
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.errors import InputError, NoImplantError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.box import box_from, foreground_box
from CraNeXtLib.geometry.lattice import on_box, whole_box
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.mesh_formats.mesh_reading import read_mesh
from CraNeXtLib.geometry.mesh_voxels import voxels_inside
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant import reconstruct
from CraNeXtLib.implant.defect_choice import find_defects
from CraNeXtLib.implant.reconstruct import Reconstruction

TWO_HOLES = (((40.0, 20.0, 60.0), 25.0), ((-60.0, -40.0, 30.0), 15.0))


@pytest.fixture(scope="module")
def series(tmp_path_factory) -> Path:
    """Folder of the bundled skull's CT as a coarse DICOM series; it bears the patient's name, as exports often do."""
    folder = tmp_path_factory.mktemp("export") / NAME
    write_series(synthetic_ct(every_second_voxel(read_volume(DEFECTIVE_SKULL)), noise_hu=15, headrest=True), folder)
    return folder


def test_from_dicom_to_an_implant(series, tmp_path):
    result = reconstruct_case(series, tmp_path / "out", CaseSettings(ct=True, bone_threshold_hu=300))
    truth = read_volume(REFERENCE_IMPLANT)
    implant = read_volume(tmp_path / "out" / "implant.nrrd")
    # The series is read in its own order of slices: compare at places, not at indices.
    places = truth.to_ras(np.argwhere(truth.voxels > 0))
    indices = np.rint(implant.to_indices(places)).astype(int)
    on_grid = np.zeros(implant.shape, bool)
    on_grid[tuple(indices.T)] = True
    assert dice(implant, implant.with_voxels(on_grid)) > 0.8
    assert result["input"]["path"] == "DICOM series 3"
    assert result["input"]["ct"]["bone_threshold_hu"] == 300
    assert len(result["input"]["ct"]["removed_ml"]) > 0
    assert [warning.split(";")[0] for warning in other_warnings(result)] == ["The slices are 1.6 mm thick"]
    (defect,) = result["defects"]
    assert (defect["side"], defect["main_region"]) == ("left", "Middle Parietal")
    assert not [name for name in result["files"] if name.startswith("implant_")]
    assert result["input"]["pose"]["turned_deg"] < 5
    assert {"defective_skull.nrrd", "ct_bone.png"} <= set(result["files"])
    written = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (written["defects"], written["input"]) == (result["defects"], result["input"])
    for path in (tmp_path / "out").iterdir():
        content = path.read_bytes()
        for word in (*NAME.split("^"), "4711-ROSSINI", "19600102"):
            assert word.encode() not in content, path.name


def test_the_command_takes_a_folder(series, tmp_path, capsys):
    assert main(["reconstruct", str(series), "--out", str(tmp_path / "out")]) == 2
    assert "add --ct" in capsys.readouterr().err
    assert main(["reconstruct", str(series), "--ct", "--series", "9", "--out", str(tmp_path / "out")]) == 2
    assert "choose one with --series: 3 (Head 1.0" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_mask_given_as_ct_is_refused(tmp_path):
    skull = read_volume(DEFECTIVE_SKULL)
    write_volume(skull, tmp_path / "mask.nrrd")
    with pytest.raises(InputError, match="leave out --ct"):
        reconstruct_case(tmp_path / "mask.nrrd", tmp_path / "out", CaseSettings(ct=True))


def test_several_defects_give_several_files(tmp_path, monkeypatch):
    case = head(holes=TWO_HOLES)

    class Oracle(Model):
        light = True

        def propose(self, skull, **_):
            # The model is asked on a larger grid, and upright; the remaining bone shows where the voxels are.
            here, there = ([side.start for side in foreground_box(v.voxels)] for v in (case.defective, skull))
            starts = np.subtract(here, there)
            complete = on_box(case.complete, box_from(starts, starts + skull.shape))
            return Proposal(whole_box(skull), complete.voxels.astype(np.float32))

    oracle = Oracle(tmp_path, {"name": "oracle", "kind": "oracle", "sha256": "0"})
    monkeypatch.setattr(reconstruct.model_library, "find", lambda _: oracle)
    monkeypatch.setattr(reconstruct, "load_model", lambda model: model)
    write_volume(case.defective, tmp_path / "skull.nrrd")
    result = reconstruct_case(tmp_path / "skull.nrrd", tmp_path / "out", CaseSettings(report=False))
    assert {"implant.stl", "implant_1.stl", "implant_2.stl", "finished_implant_2.stl"} <= set(result["files"])
    assert len(result["defects"]) == len(result["pieces"]) == 2
    for defect, piece in zip(result["defects"], result["pieces"], strict=True):
        assert defect["volume_ml"] == piece["volume_ml"]
        assert defect["centre_ras_mm"] == piece["centre_ras_mm"]
    written = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (written["defects"], written["input"]) == (result["defects"], result["input"])
    for name in ("implant", "finished_implant"):
        whole, *parts = (stl_faces(tmp_path / "out" / f"{name}{number}.stl") for number in ("", "_1", "_2"))
        assert whole == sum(parts)


def test_a_second_case_in_the_same_folder_leaves_nothing_of_the_first(tmp_path, monkeypatch):
    """Two defects, then none: the implants of the first must not look like those of the second."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("the user's")
    with case_folder(out, "result.json") as folder:
        for name in ("implant.stl", "implant_1.stl", "implant_2.stl", "finished_implant.stl", "report.html"):
            (folder.path / name).touch()
        folder.write_description({"format": "cranext-result"})
    with case_folder(out, "finish.json") as folder:
        (folder.path / "fit_gap.png").touch()
        folder.write_description({"format": "cranext-finish"})

    def nothing_missing(*_arguments, **_options):
        raise NoImplantError("Nothing is missing; check the mask.", warnings=["Much of the bone is no skull."])

    monkeypatch.setattr("CraNeXtLib.cases.reconstruction_case.reconstruct", nothing_missing)
    skull = tmp_path / "skull.nrrd"
    write_volume(head(holes=TWO_HOLES).defective, skull)
    with pytest.raises(NoImplantError, match="Nothing is missing") as ended:
        reconstruct_case(skull, out, CaseSettings())
    assert ended.value.warnings == ("Much of the bone is no skull.",)
    assert sorted(path.name for path in out.iterdir()) == ["notes.txt", "result.json"]
    result = json.loads((out / "result.json").read_text())
    assert result["outcome"] == "no implant"
    assert result["message"] == "Nothing is missing; check the mask."
    assert result["warnings"] == ["Much of the bone is no skull."]
    assert result["files"] == ["result.json"]
    assert result["input"]["sha256"]


def test_the_command_tells_the_warnings_where_nothing_is_missing(tmp_path, monkeypatch, capsys):
    def nothing_missing(*_arguments, **_options):
        raise NoImplantError("Nothing is missing; check the mask.", warnings=["Much of the bone is no skull."])

    monkeypatch.setattr("CraNeXtLib.cases.reconstruction_case.reconstruct_case", nothing_missing)
    assert main(["reconstruct", str(DEFECTIVE_SKULL), "--out", str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err == (
        "Warning: Much of the bone is no skull.\ncranext: error: Nothing is missing; check the mask.\n"
    )


def test_a_mesh_in_ras_gets_its_results_in_ras(tmp_path, monkeypatch):
    monkeypatch.setattr(mesh_masks, "_FINEST_MM", 4.0)
    monkeypatch.setattr(mesh_masks, "_COARSEST_MM", 4.0)
    phantom = head(spacing=(4.0, 4.0, 4.0))
    hole = surface_of(phantom.implant)
    for name, mesh in (("skull", surface_of(phantom.defective)), ("reference", hole)):
        write_stl(mesh, tmp_path / f"{name}.stl", space="RAS")

    def fill_hole(skull, **_settings):
        implant = voxels_inside(hole, skull.affine, skull.shape)
        implant = implant.with_voxels(implant.voxels & ~skull.voxels)
        pose = HeadPose(np.eye(4), bundled_template(), PoseFit(0.0, 0.0, 0.0, (1.0, 1.0)))
        return Reconstruction(
            defective_skull=skull,
            implant=implant,
            pose=pose,
            model=Model(Path(), {"name": "the truth", "sha256": "0" * 64}),
            postprocessing="default",
            device="cpu",
            seconds={},
            warnings=(),
            found_defects=find_defects(implant, skull, pose)[1],
        )

    monkeypatch.setattr("CraNeXtLib.cases.reconstruction_case.reconstruct", fill_hole)
    settings = CaseSettings(report=False, finishing=None, reference_implant=str(tmp_path / "reference.stl"))
    result = reconstruct_case(tmp_path / "skull.stl", tmp_path / "out", settings)
    assert result["input"]["mesh"] == {"unit": "mm", "space": "RAS"}
    assert result["meshes"] == {"unit": "mm", "space": "RAS"}
    assert result["metrics"]["dsc"] > 0.95
    for name in ("implant.stl", "implant.3mf"):
        stored = read_mesh(tmp_path / "out" / name)
        assert stored.frame.space == "RAS"
        np.testing.assert_allclose(
            stored.mesh.vertices.mean(axis=0), hole.vertices.mean(axis=0), atol=2
        )  # half a voxel


def stl_faces(path) -> int:
    return int(np.frombuffer(path.read_bytes()[80:84], "<u4")[0])
