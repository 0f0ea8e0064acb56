"""The DICOM files of a case hold what the standard demands, and validators and other readers accept them."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import highdicom
import pytest
from archived_cases import scanned_head, write_case
from ct_phantoms import write_series
from pydicom import Dataset, dcmread

from CraNeXtLib.cases.archive.export import export_case

IODS = {"implant_seg.dcm": "segmentation", "implant_stl.dcm": "encapsulated-stl", "report_pdf.dcm": "encapsulated-pdf"}
FRAME_GROUPS = {"SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"}
"""A functional group is in only one of the two, which the tables do not tell."""
STANDARD = Path(highdicom.__file__).parent / "_standard"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return the folder of an exported case."""
    folder = tmp_path_factory.mktemp("export")
    ct, bone, implant = scanned_head()
    write_series(ct, folder / "ct", StudyDate="20260102", StudyTime="101112", StudyID="7")
    export_case(write_case(folder / "case", bone, implant), folder / "ct", folder / "out", patient=True)
    return folder / "out"


@pytest.fixture(scope="module")
def standard():
    """Return the modules of each kind of file and the attributes of each module, which highdicom takes from DICOM."""
    if not STANDARD.is_dir():
        pytest.skip("this highdicom has no tables of the standard where 0.28 has them")
    return (json.loads((STANDARD / f"{name}.json").read_text()) for name in ("iod_module_map", "module_attribute_map"))


def test_all_required_attributes_are_there(files, standard):
    iods, modules = standard
    for name, iod in IODS.items():
        dataset = dcmread(files / name)
        required = [module["key"] for module in iods[iod] if module["usage"] == "M"]
        assert len(required) >= 5
        missing = [
            ".".join([*attribute["path"], attribute["keyword"]])
            for module in required
            for attribute in modules[module]
            if attribute["type"] in ("1", "2") and not FRAME_GROUPS & {*attribute["path"]}
            for item in items(dataset, attribute["path"])
            if not present(item, attribute["keyword"], filled=attribute["type"] == "1")
        ]
        assert missing == [], name


def items(dataset: Dataset, path: list[str]) -> Iterator[Dataset]:
    """Return the items of the sequences on a path; none where a sequence is missing."""
    if not path:
        yield dataset
    for item in dataset.get(path[0], []) if path else []:
        yield from items(item, path[1:])


def present(item: Dataset, keyword: str, *, filled: bool) -> bool:
    return keyword in item and not (filled and item[keyword].is_empty)


@pytest.mark.parametrize("name", IODS)
def test_the_validator_of_dicom3tools_finds_no_error(files, name):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("there is no dciodvfy of dicom3tools: .ci/programs installs it")
    found = subprocess.run([validator, files / name], capture_output=True, text=True, check=False)
    assert "Error" not in found.stderr
    assert "not present in standard" not in found.stderr


def test_dcmtk_takes_out_what_was_put_in(files, tmp_path):
    program = shutil.which("dcm2pdf")
    if program is None:
        pytest.skip("there is no dcm2pdf of DCMTK: .ci/programs installs it")
    subprocess.run([program, files / "report_pdf.dcm", tmp_path / "report.pdf"], check=True)
    assert (tmp_path / "report.pdf").read_bytes() == (files.parent / "case" / "report.pdf").read_bytes()
