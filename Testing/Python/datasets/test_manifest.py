"""The manifest, and the folder layouts that it is made from."""

from __future__ import annotations

import numpy as np
import pytest
from dataset_masks import COMPLETE, IMPLANT, MASKS, write

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.layouts import find_cases
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest, write_manifest
from CraNeXtLib.datasets.skull_pair import load_case


def test_skullbreak_gives_five_cases_a_skull(tmp_path):
    kinds = ["bilateral", "frontoorbital", "parietotemporal", "random_1", "random_2"]
    for subject in ("000", "017"):
        write(tmp_path / "complete_skull" / f"{subject}.nrrd", MASKS["complete"])
        for kind in kinds:
            write(tmp_path / "defective_skull" / kind / f"{subject}.nrrd", MASKS["defective"])
            write(tmp_path / "implant" / kind / f"{subject}.nrrd", MASKS["implant"])
    cases = find_cases(tmp_path)
    assert [(c.subject, c.kind) for c in cases][:5] == [
        ("000", kind) for kind in ("bilateral", "fronto-orbital", "parieto-temporal", "random-1", "random-2")
    ]
    assert len(cases) == 10
    assert {c.source for c in cases} == {"skullbreak"}
    assert all(set(c.files()) == {"complete", "defective", "implant"} for c in cases)


def test_skullfix_without_defective_skulls(tmp_path):
    for role in ("complete", "implant"):
        write(tmp_path / role / "004.nrrd", MASKS[role])
    (case,) = find_cases(tmp_path)
    assert (case.source, case.subject, case.kind) == ("skullfix", "004", "")
    pair = load_case(case)
    for role, mask in MASKS.items():
        assert np.array_equal(getattr(pair, role).voxels, mask)


@pytest.mark.parametrize(("given", "suffix"), [("complete", ".nrrd"), ("implant", ".nii.gz")])
def test_pairs_in_a_plain_folder(tmp_path, given, suffix):
    write(tmp_path / f"anna_post_op_defective{suffix}", MASKS["defective"])
    write(tmp_path / f"anna_post_op_{given}{suffix}", MASKS[given])
    write(tmp_path / f"lonely_defective{suffix}", MASKS["defective"])
    (case,) = find_cases(tmp_path, source="clinic")
    assert case.name == "clinic/anna_post_op"
    assert np.array_equal(load_case(case).implant.voxels, IMPLANT)
    assert np.array_equal(load_case(case).complete.voxels, COMPLETE)


def test_a_folder_without_cases_is_refused(tmp_path):
    with pytest.raises(InputError, match="complete_skull"):
        find_cases(tmp_path)


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.json"])
def test_a_manifest_comes_back_as_written_and_moves_with_its_data(tmp_path, name):
    folder = tmp_path / "here"
    for role in MASKS:
        write(folder / role / "1.nrrd", MASKS[role])
    cases = [
        *find_cases(folder),
        DatasetCase(subject="ä, ö", complete=tmp_path / "x.nrrd", orientation="LPS", complete_segment="1,2"),
    ]
    write_manifest(cases, folder / name)
    assert read_manifest(folder / name) == cases
    assert str(tmp_path) not in (folder / name).read_text(encoding="utf-8")
    folder.rename(tmp_path / "there")
    assert read_manifest(tmp_path / "there" / name)[0].complete == tmp_path / "there" / "complete" / "1.nrrd"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject,complete\n1,a.nrrd\n,b.nrrd\n", "line 3.*subject"),
        ("subject,defective\n1,a.nrrd\n", "line 2.*implant"),
        ("subject,complete,split\n1,a.nrrd,train\n", "line 2.*training"),
        ("subject,complete,colour\n1,a.nrrd,red\n", "colour"),
        ("subject,complete\n1,a.nrrd,b\n", "line 2 has more cells than the header"),
        ("subject,complete\n", "no cases"),
        ("subject,complete,implant_segment\n1,a.nrrd,2\n", "line 2.*'implant_segment', but no file in 'implant'"),
    ],
)
def test_a_bad_manifest_is_refused_by_line(tmp_path, text, message):
    path = tmp_path / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_manifest(path)


@pytest.mark.parametrize("text", ["{}", "[1]", "[{"])
def test_a_json_manifest_of_another_shape_is_refused(tmp_path, text):
    path = tmp_path / "manifest.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json"):
        read_manifest(path)
