"""The check names what would break training, and finds one head listed twice."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest
from phantoms import head
from scipy.spatial.transform import Rotation

from CraNeXtLib.datasets.check import check_dataset, check_manifest, check_pair, header_warnings
from CraNeXtLib.datasets.duplicates import find_duplicates, fingerprint
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.geometry.resampling import resampled_occupancy
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

HEAD = head(spacing=(3.0, 3.0, 3.0))
CASE = DatasetCase(subject="1", complete="complete.nrrd", implant="implant.nrrd", source="test")


def messages(problems):
    return " ".join(str(problem) for problem in problems)


def pair(**changed) -> SkullPair:
    voxels = {"complete": HEAD.complete.voxels, "defective": HEAD.defective.voxels, "implant": HEAD.implant.voxels}
    return SkullPair(**{role: HEAD.complete.with_voxels(mask) for role, mask in (voxels | changed).items()})


def errors_of(found: SkullPair) -> str:
    return messages(p for p in check_pair(CASE, found) if p.severity == "error")


def test_a_manifest_is_described_for_json(tmp_path):
    write_volume(HEAD.complete, tmp_path / "skull.nrrd")
    write_volume(HEAD.implant.with_voxels(HEAD.implant.voxels & False), tmp_path / "nothing.nrrd")
    skull, nothing = tmp_path / "skull.nrrd", tmp_path / "nothing.nrrd"
    cases = [
        DatasetCase(subject="1", complete=skull, split="training"),
        DatasetCase(subject="2", complete=skull, implant=nothing, split="test"),
        DatasetCase(subject="3", complete=tmp_path / "none.nrrd"),
    ]
    write_manifest(cases, tmp_path / "manifest.csv")
    told = []
    found = check_manifest(tmp_path / "manifest.csv", lambda *progress: told.append(progress))
    assert json.loads(json.dumps(found)) == found
    assert (found["cases"], found["skulls"]) == (3, 3)
    assert found["splits"] == {"training": 1, "test": 1, "none": 1}
    severities = [problem["severity"] for problem in found["problems"]]
    assert severities == sorted(severities)
    said = " ".join(f"{problem['case']}: {problem['message']}" for problem in found["problems"])
    assert "2: The implant is empty" in said
    assert "none.nrrd" in said
    assert "same head" in said
    assert told[0] == ("Reading 1", 0.0)


def test_a_sound_pair_has_no_error():
    assert errors_of(pair()) == ""


def test_an_implant_beyond_the_skull_is_found_with_its_volume():
    stray = HEAD.implant.voxels.copy()
    stray[:10, 0, 0] = True
    assert "0.27 mL of the implant lie outside the complete skull" in errors_of(pair(implant=stray))


def test_an_implant_on_the_defective_skull_is_found_with_its_volume():
    stray = HEAD.implant.voxels.copy()
    stray[tuple(np.argwhere(HEAD.defective.voxels)[:10].T)] = True
    assert "0.27 mL of the implant overlap the defective skull" in errors_of(pair(implant=stray))


def test_a_foreign_complete_skull_is_found():
    assert "missing from the complete one" in errors_of(pair(complete=np.roll(HEAD.complete.voxels, 4, axis=1)))


def test_nothing_missing_and_nothing_left_are_found():
    empty = np.zeros(HEAD.complete.shape, dtype=bool)
    assert "The implant is empty" in errors_of(pair(implant=empty, defective=HEAD.complete.voxels))
    assert "The defective skull is empty" in errors_of(pair(defective=empty, implant=HEAD.complete.voxels))


def test_a_speck_is_a_warning():
    speck = np.zeros(HEAD.complete.shape, dtype=bool)
    speck[tuple(np.argwhere(HEAD.complete.voxels)[0])] = True
    found = check_pair(CASE, pair(implant=speck, defective=HEAD.complete.voxels & ~speck))
    assert any(p.severity == "warning" and "0.03 mL" in p.message for p in found)


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 6):
        write_volume(HEAD.complete, tmp_path / f"{number}_complete.nrrd")
        write_volume(HEAD.implant, tmp_path / f"{number}_implant.nrrd")
    return tmp_path


def case(folder, number, **changed):
    names = {"complete": folder / f"{number}_complete.nrrd", "implant": folder / f"{number}_implant.nrrd"}
    return DatasetCase(**{"subject": str(number), "source": "test"} | names | changed)


def test_files_that_cannot_be_used_are_named_and_the_rest_is_still_checked(folder):
    (folder / "1_complete.nrrd").write_bytes((folder / "2_complete.nrrd").read_bytes()[:-300])
    write_volume(Volume(HEAD.complete.voxels, np.diag([2.0, 3.0, 3.0, 1.0])), folder / "2_complete.nrrd")
    labels = HEAD.complete.voxels + 4 * HEAD.implant.voxels.astype(np.uint8)
    write_volume(HEAD.complete.with_voxels(labels), folder / "3_complete.nrrd")
    write_volume(HEAD.complete.with_voxels(np.zeros(HEAD.complete.shape, bool)), folder / "4_complete.nrrd")
    cases = [case(folder, number) for number in range(1, 6)]
    found = {problem.case: problem.message for problem in check_dataset(cases).errors}
    assert "1_complete.nrrd cannot be read" in found["test/1"]
    assert "differ in spacing, directions or position" in found["test/2"]
    assert "contains several labels (1, 5); choose one with the manifest's column complete_segment" in found["test/3"]
    assert "empty" in found["test/4"]
    assert "test/5" not in found


def test_a_header_without_orientation_is_named_and_the_manifest_can_settle_it(folder):
    for role in ("complete", "implant"):
        image = nibabel.Nifti1Image(getattr(HEAD, role).voxels.astype(np.uint8), np.diag([3.0, 3.0, 3.0, 1.0]))
        image.set_sform(None, code=0)
        image.set_qform(None, code=0)
        nibabel.save(image, folder / f"9_{role}.nii.gz")
    nameless = case(folder, 9, complete=folder / "9_complete.nii.gz", implant=folder / "9_implant.nii.gz")
    assert "does not define the orientation of the head" in messages(check_dataset([nameless]).errors)
    assert check_dataset([replace(nameless, orientation="RAS")]).errors == []


def test_two_affines_that_contradict_each_other_are_found(tmp_path):
    image = nibabel.Nifti1Image(np.ones((3, 3, 3), np.uint8), np.diag([1.0, 1.0, 1.0, 1.0]))
    image.set_qform(np.diag([-1.0, 1.0, 1.0, 1.0]), code=1)
    image.set_sform(np.diag([1.0, 1.0, 1.0, 1.0]), code=1)
    nibabel.save(image, tmp_path / "two.nii.gz")
    assert "points RAS by its sform and LAS by its qform" in header_warnings(tmp_path / "two.nii.gz")[0]


def test_the_file_whose_axes_differ_from_the_rest_is_doubted(folder):
    mirrored = Volume(HEAD.complete.voxels, np.diag([-1.0, 1.0, 1.0, 1.0]) @ HEAD.complete.affine)
    write_volume(mirrored, folder / "4_complete.nrrd")
    write_volume(Volume(HEAD.implant.voxels, mirrored.affine), folder / "4_implant.nrrd")
    report = check_dataset([case(folder, number) for number in range(1, 6)])
    (doubt,) = [p for p in report.problems if "left and right in this file" in p.message]
    assert doubt.case == "test/4"


def test_one_head_in_two_splits_is_an_error_and_in_one_a_warning(folder):
    first, second = case(folder, 1, split="training"), case(folder, 2, split="test")
    report = check_dataset([first, second])
    assert report.same_skull == [(("test", "1"), ("test", "2"))]
    assert "keep them in one split" in messages(report.errors)
    assert check_dataset([first, replace(second, split="training")]).errors == []


def test_a_skull_in_two_splits_and_a_case_listed_twice_are_errors(folder):
    first = case(folder, 1, split="training")
    found = messages(check_dataset([first, replace(first, split="validation", kind="b")]).errors)
    assert "in the splits training and validation" in found
    assert "listed twice" in found
    labels = [DatasetCase(subject=f"{n}", complete=first.complete, complete_segment=f"{n}") for n in (1, 2)]
    assert "listed twice" not in messages(check_dataset(labels).errors)


def test_a_rescanned_head_is_known_again_and_another_is_not(shared):
    volume = read_volume(shared / "skullfix" / "complete" / "002.nrrd")
    skull = Volume(volume.voxels[::4, ::4, ::3] != 0, volume.affine @ np.diag([4.0, 4.0, 3.0, 1.0]))
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("xyz", [5, -2, 3], degrees=True).as_matrix()
    middle = skull.to_ras(np.array([skull.shape]) / 2)[0]
    turn[:3, 3] = middle - turn[:3, :3] @ middle
    again = resampled_occupancy(skull, turn @ skull.affine, skull.shape)
    skulls = {
        "002": skull,
        "002 again": Volume(again > 0.4, skull.affine),
        "wider": Volume(skull.voxels, np.diag([1.05, 1.0, 1.0, 1.0]) @ skull.affine),
    }
    found = find_duplicates({name: fingerprint(skull) for name, skull in skulls.items()})
    assert found == [("002", "002 again")]
