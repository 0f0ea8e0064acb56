"""The masks of a case: from files of their own, or from segments and labels of one file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dataset_masks import AFFINE, COMPLETE, IMPLANT, MASKS, write
from phantoms import head

from CraNeXtLib.anatomy.head import mesh_masks
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.datasets.layouts import find_cases
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest
from CraNeXtLib.datasets.skull_pair import contents, load_case
from CraNeXtLib.geometry.mesh_formats.mesh_files import write_stl
from CraNeXtLib.geometry.surface_extraction import surface_of


@pytest.fixture
def labels(tmp_path):
    """A file in which 1 is bone, 2 the implant, and 3 the brain."""
    voxels = MASKS["defective"] + 2 * IMPLANT.astype(np.uint8)
    voxels[0, 0, 0] = 3
    return write(tmp_path / "labels.nrrd", voxels)


def test_all_masks_may_be_labels_of_one_file(labels):
    manifest = labels.with_name("manifest.csv")
    manifest.write_text(
        "subject,defective,defective_segment,complete,complete_segment,implant,implant_segment\n"
        'all,labels.nrrd,1,labels.nrrd,"1,2",labels.nrrd,2\n'
        "two,labels.nrrd,1,,,labels.nrrd,2\n"
    )
    for case in read_manifest(manifest):
        pair = load_case(case)
        for role, mask in MASKS.items():
            np.testing.assert_array_equal(getattr(pair, role).voxels, mask)


def test_all_masks_may_be_named_segments_of_one_file(tmp_path):
    import nrrd

    header = {"space": "left-posterior-superior", "space directions": np.eye(3), "space origin": np.zeros(3)}
    for number, name in enumerate(("Skull", "Plate")):
        header |= {f"Segment{number}_ID": f"Segment_{number + 1}", f"Segment{number}_Name": name}
        header |= {f"Segment{number}_LabelValue": str(number + 1), f"Segment{number}_Layer": "0"}
    path = tmp_path / "case.seg.nrrd"
    nrrd.write(str(path), MASKS["defective"] + 2 * IMPLANT.astype(np.uint8), header)
    case = DatasetCase(subject="a", defective=path, defective_segment="Skull", implant=path, implant_segment="Plate")
    np.testing.assert_array_equal(load_case(case).implant.voxels, IMPLANT)
    with pytest.raises(InputError, match="choose one with the manifest's column implant_segment: 'Skull', 'Plate'"):
        load_case(replace(case, implant_segment=""))


@pytest.mark.parametrize("role", ["defective", "complete", "implant"])
def test_a_file_of_several_labels_is_refused_by_the_column_that_chooses_one(labels, role):
    case = DatasetCase(
        **{"subject": "a", "complete": labels, "complete_segment": "1,2", "defective": labels, "defective_segment": "1"}
        | {role: labels, f"{role}_segment": ""}
    )
    message = rf"several labels \(1, 2, 3\); choose one with the manifest's column {role}_segment"
    with pytest.raises(InputError, match=message):
        load_case(case)
    with pytest.raises(InputError, match=rf"No voxel.*choose another with the manifest's column {role}_segment"):
        load_case(replace(case, **{f"{role}_segment": "7"}))


def test_an_image_is_refused_without_an_option_of_the_command_line(tmp_path):
    path = write(tmp_path / "ct.nrrd", np.arange(336, dtype=np.int16).reshape(6, 7, 8) - 100)
    with pytest.raises(InputError, match="is an image, not a mask; segment the bone of a CT first"):
        load_case(DatasetCase(subject="a", complete=path))


def test_masks_of_two_geometries_are_refused(tmp_path):
    complete = write(tmp_path / "complete.nrrd", COMPLETE)
    defective = write(tmp_path / "defective.nrrd", MASKS["defective"], np.diag([-1.0, -1.0, 2.5, 1.0]))
    with pytest.raises(InputError, match="differ in spacing, directions or position"):
        load_case(DatasetCase(subject="a", complete=complete, defective=defective))


def test_what_is_read_changes_with_the_file_the_segment_and_the_orientation(labels):
    case = DatasetCase(subject="a", complete=labels, complete_segment="1")
    others = [
        replace(case, complete_segment=""),
        replace(case, complete_segment="1,2"),
        replace(case, orientation="LPS"),
        replace(case, complete=write(labels.with_name("other.nrrd"), COMPLETE)),
    ]
    assert len({contents(one)["complete"] for one in (case, *others)}) == 5
    assert contents(others[0]) == {"complete": sha256_of(labels)}


@pytest.mark.parametrize("skull", ["defective", "complete"])
def test_an_implant_far_beside_its_skull_is_refused_before_the_grid_grows(tmp_path, skull):
    far = AFFINE.copy()
    far[:3, 3] = (-5000, 0, 0)
    files = {skull: write(tmp_path / "skull.nrrd", MASKS[skull]), "implant": write(tmp_path / "i.nrrd", IMPLANT, far)}
    with pytest.raises(InputError, match=rf"Case 1: the implant lies 49[0-9][0-9] mm beside the bone of {skull}"):
        load_case(DatasetCase(subject="1", **files))


@pytest.mark.parametrize("missing", MASKS)
def test_the_mask_without_a_file_follows_from_the_others(tmp_path, missing):
    files = {role: write(tmp_path / f"{role}.nrrd", mask) for role, mask in MASKS.items() if role != missing}
    pair = load_case(DatasetCase(subject="1", **files))
    for role, mask in MASKS.items():
        np.testing.assert_array_equal(getattr(pair, role).voxels, mask)
        np.testing.assert_array_equal(getattr(pair, role).affine, AFFINE)


def test_a_complete_skull_alone_has_an_empty_implant_and_the_orientation_of_the_manifest(tmp_path):
    pair = load_case(DatasetCase(subject="1", orientation="RAS", complete=write(tmp_path / "skull.nrrd", COMPLETE)))
    assert not pair.implant.voxels.any()
    np.testing.assert_array_equal(pair.defective.voxels, COMPLETE)
    np.testing.assert_array_equal(pair.defective.affine, np.diag([1.0, 1.0, 2.0, 1.0]))


def test_masks_of_one_lattice_get_one_grid(tmp_path):
    moved = AFFINE.copy()
    moved[:3, 3] = AFFINE[:3, :3] @ (-2, -2, -2)
    implant = write(tmp_path / "implant.nrrd", np.pad(IMPLANT, 2), moved)
    pair = load_case(DatasetCase(subject="1", complete=write(tmp_path / "c.nrrd", COMPLETE), implant=implant))
    for role, mask in MASKS.items():
        np.testing.assert_array_equal(getattr(pair, role).voxels, mask)
        np.testing.assert_array_equal(getattr(pair, role).affine, AFFINE)


def test_meshes_are_masks_of_one_grid_whose_space_the_manifest_may_give(tmp_path, monkeypatch):
    monkeypatch.setattr(mesh_masks, "_FINEST_MM", 2.0)
    monkeypatch.setattr(mesh_masks, "_COARSEST_MM", 2.0)
    phantom = head(spacing=(4.0, 4.0, 4.0))
    files = {"defective": phantom.defective, "implant": phantom.implant}
    for role, volume in files.items():
        write_stl(surface_of(volume), tmp_path / f"head_{role}.stl")
    (case,) = find_cases(tmp_path)
    pair = load_case(case)
    assert pair.implant.has_geometry_of(pair.complete)
    for mask, volume in ((pair.defective, phantom.defective), (pair.implant, phantom.implant)):
        there, here = (each.to_ras(np.argwhere(each.voxels)).mean(axis=0) for each in (mask, volume))
        np.testing.assert_allclose(there, here, atol=1)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().replace(b"SPACE=LPS", b"         "))
    np.testing.assert_array_equal(load_case(replace(case, orientation="LPS")).implant.voxels, pair.implant.voxels)
    monkeypatch.setattr(mesh_masks, "_space_by_template", lambda *_: "LPS")
    with pytest.raises(InputError, match=r"does not state its space; LPS was taken.* Among many cases, nothing"):
        load_case(case)
