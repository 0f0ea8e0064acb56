"""Manifests and folders of cases, as they are read and as they are refused."""

import json

import pytest
from plain_metrics import SHIFTS, cohort_folder, cohort_manifest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.cohort_manifest import read_cases


def test_paths_of_a_manifest_are_relative_to_it_and_empty_columns_keep_their_defaults(tmp_path):
    folder = cohort_folder(tmp_path / "in")
    cases = read_cases(cohort_manifest(folder, region=["Frontal", "", "Occipital"]))
    assert [case.case for case in cases] == list(SHIFTS)
    assert cases[1].skull == (folder / "b" / "skull.nrrd").absolute()
    assert [case.region for case in cases] == ["Frontal", "", "Occipital"]
    assert (cases[0].subject, cases[0].orientation) == ("", "")


def test_a_folder_gives_the_cases_that_are_complete(tmp_path):
    folder = cohort_folder(tmp_path / "in")
    (folder / "b" / "skull.nrrd").unlink()
    cases = read_cases(folder)
    assert [case.case for case in cases] == ["a", "c"]
    assert cases[0].implant == (folder / "a" / "implant.nrrd").absolute()


@pytest.mark.parametrize("name", ["../a", ".hidden"])
def test_a_case_whose_name_is_no_file_name_is_refused(tmp_path, name):
    row = {"case": name, "implant": "i", "reference": "r", "skull": "s"}
    (tmp_path / "cases.json").write_text(json.dumps([row]))
    with pytest.raises(InputError, match="file name"):
        read_cases(tmp_path / "cases.json")


def test_refuses_a_manifest_that_says_too_little(tmp_path):
    with pytest.raises(InputError, match="no column is called 'color'"):
        read_cases(cohort_manifest(cohort_folder(tmp_path / "in"), color=["red"] * 3))
    (tmp_path / "twice.json").write_text(
        json.dumps([dict.fromkeys(("case", "implant", "reference", "skull"), "x")] * 2)
    )
    with pytest.raises(InputError, match="twice"):
        read_cases(tmp_path / "twice.json")
    (tmp_path / "short.csv").write_text("case,implant,reference\na,b,c\n")
    with pytest.raises(InputError, match="no skull"):
        read_cases(tmp_path / "short.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no cases"):
        read_cases(tmp_path / "empty")
    with pytest.raises(InputError, match="There is no file"):
        read_cases(tmp_path / "missing.csv")
