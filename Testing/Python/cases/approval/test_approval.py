"""The approval sheet says what the part is in plain words, names its files by their hashes, and is one page."""

import base64
import hashlib
import json
import re

import pytest
from page_texts import Texts, pdf_words
from PIL import Image

from CraNeXtLib.cases.approval import SHEET_PICTURE, write_approval_sheet
from CraNeXtLib.cases.approval.sheet_with_mold import sheet_with_mold
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.evaluation.criterion import Bound, Criterion

FAILURE = "The part does NOT fit: highest step to the skull 1.67 mm (at most 1.2 mm)."
MEASURED = {"min": 0.2, "p05": 0.54, "median": 0.81, "p95": 1.3, "max": 2.0}
RESULT = {
    "notice": "For research use, not for clinical decisions.",
    "case_id": "A-7 <b>",
    "input": {"path": "Mustermann.nrrd", "sha256": "ab" * 32},
    "model": {"name": "pca_skull", "sha256": "cd" * 32},
    "defect_area_cm2": 88.3,
    "defects": [{"side": "right", "percent": {"Temporal": 0.0, "Upper Frontal": 60, "Undefined": 40}, "extent_mm": 61}],
    "finishing": {
        "settings": {
            "clearance_mm": 0.5,
            "edge_radius_mm": 0.0,
            "minimum_wall_mm": 2.0,
            "insertion": "auto",
            "perforation_diameter_mm": 3.0,
            "perforation_pitch_mm": 12.0,
            "perforation_border_mm": 8.0,
            "engraving": "ID 042",
        }
    },
    "fit": {
        "criteria": [Criterion("watertight", 1.0, "yes", Bound(at_least=1.0)).as_dict()],
        "insertions": [{"outward_ras": [0.8, 0.1, -0.5], "free": True, "cone_deg": 12.4, "collision_mm": 0.0}],
        "rim_gap_mm": MEASURED,
        "symmetry_mm": {**MEASURED, "p05": -1.23},
        "thickness_mm": MEASURED,
        "smallest_wall_mm": 2.04,
        "volume_ml": 33.55,
        "material": "PMMA",
        "weight_g": 39.6,
    },
    "checklist": {"criteria": [Criterion("restored_shape", None, "mm", Bound(at_most=3.0)).as_dict()]},
    "warnings": [FAILURE, "The slices are 3 mm thick."],
    "verdict": {"answer": "does not fit", "reasons": [], "sentence": FAILURE},
    "versions": {"cranext": "1.0", "numpy": "2.3"},
}


@pytest.fixture
def folder(tmp_path):
    """A folder with the files of a part in two pieces, and the sheet's picture."""
    for name in ("finished_implant_1.stl", "finished_implant.stl", "finished_implant.3mf", "finished_implant.nrrd"):
        (tmp_path / name).write_text(name)
    Image.new("RGB", (236, 125), "navy").save(tmp_path / SHEET_PICTURE)
    return tmp_path


def words_of(folder):
    page = Texts()
    page.feed((folder / "approval.html").read_text(encoding="utf-8"))
    assert [source[:22] for source in page.sources] == ["data:image/png;base64,"]
    return " ".join(" ".join(page.words).split())


def test_the_sheet_says_what_the_part_is(folder):
    write_approval_sheet(RESULT, folder)
    words = words_of(folder)
    for expected in (
        "Approval sheet: cranial implant, case A-7 <b>",
        FAILURE,
        "For research use, not for clinical decisions. The slices are 3 mm thick.",
        "right; upper frontal 60 %, undefined 40 %; 61 mm across",
        "33.5 mL; covers 88 cm²",
        "Thickness mostly 0.5 to 1.3 mm, median 0.8 mm; thinnest wall 2.0 mm",
        "set to 0.5 mm; along the rim mostly 0.5 to 1.3 mm",
        "mostly from 1.2 mm farther in to 1.3 mm farther out than the mirrored other side, median 0.8 mm farther out",
        "straight in from the right and below, free up to 12° to any side; undercuts along this way removed",
        "Shape edges, and walls between holes, at least 2 mm thick; round holes 3 mm wide, 12 mm apart and 8 mm or",
        "more from the border; engraved on the outer side: “ID 042” Material",
        "PMMA, 40 g if solid",
        "Is its surface watertight? yes Is the shape restored? not measured, since there is no reference implant",
        f"Input (skull) {'ab' * 32}",
        f"pca_skull, SHA-256 {'cd' * 32}",
        "CraNeXt 1.0, numpy 2.3",
    ):
        assert expected in words
    assert "Mustermann" not in words
    assert words.count(FAILURE) == 1


def test_what_is_signed_is_the_file_that_is_there(folder):
    write_approval_sheet(RESULT, folder)
    words, digest = words_of(folder), sha256_of(folder / "finished_implant.stl")
    assert f"the part of case A-7 <b> (file finished_implant.stl, SHA-256 {digest[:12]}…)" in words
    for name in ("finished_implant.stl", "finished_implant_1.stl", "finished_implant.3mf"):
        assert f"Part: {name} {sha256_of(folder / name)}" in words
    assert "finished_implant.nrrd" not in words
    assert words.index(digest[:12]) < words.index("Accepted as shown") < words.index("Change:") < words.index("Name:")
    printed = pdf_words(folder / "approval.pdf")
    assert digest in printed
    assert "Accepted as shown" in printed


def test_a_part_that_was_drawn_has_two_inputs_and_no_place(folder):
    files = {name: {"path": "x", "sha256": digest * 32} for name, digest in (("implant", "12"), ("skull", "34"))}
    drawn = {key: value for key, value in RESULT.items() if key not in ("defects", "model")}
    fit = {**RESULT["fit"], "rim_gap_mm": None, "symmetry_mm": None}
    fit["insertions"] = [{"outward_ras": [-0.1, -1.0, 0.0], "free": False, "cone_deg": 0, "collision_mm": 2.31}]
    write_approval_sheet({**drawn, "input": files, "fit": fit}, folder)
    words = words_of(folder)
    assert f"Input (implant) {'12' * 32} Input (skull) {'34' * 32}" in words
    assert "Model drawn or edited by hand" in words
    assert "set to 0.5 mm; not measured, since no bone is near" in words
    assert "straight in from behind it meets bone, 2.3 mm deep; NO free way was found" in words
    assert "mirrored other side" not in words


@pytest.mark.parametrize("count", [0, 40])
def test_the_pdf_is_one_page_with_all_warnings(folder, count):
    warnings = [f"Warning {number} says that there is something to look at, here and there." for number in range(count)]
    write_approval_sheet({**RESULT, "warnings": warnings}, folder)
    content = (folder / "approval.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", content)) == 1
    printed = pdf_words(folder / "approval.pdf")
    assert all(warning.split(" says")[0] in printed for warning in warnings)
    assert "Signature:" in printed


def test_the_policy_of_the_page_allows_its_style_and_nothing_else(folder):
    write_approval_sheet(RESULT, folder)
    page = (folder / "approval.html").read_text(encoding="utf-8")
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = page.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert policy.startswith("default-src 'none'; img-src data:; ")
    assert f"style-src 'sha256-{digest}'; script-src 'none'" in policy


def write_mold(folder, part_sha256):
    folder.mkdir()
    for name in ("mold_outer.stl", "mold.3mf"):
        (folder / name).write_text(name)
    mold = {
        "format": "cranext-mold",
        "input": {"part": {"sha256": part_sha256}},
        "files": ["mold.3mf", "mold.json", "mold_outer.stl"],
        "warnings": ["There was room for 2 of 3 vents."],
        "mold": {"size_mm": [120.4, 98, 61], "material_ml": {"total": 45.2}, "check": {"cavity_mm": 0.031}},
    }
    (folder / "mold.json").write_text(json.dumps(mold))


def test_the_sheet_is_written_again_with_the_mold_of_this_part(folder):
    (folder / "result.json").write_text(json.dumps(RESULT))
    write_approval_sheet(RESULT, folder)
    write_mold(folder / "mold", sha256_of(folder / "finished_implant.stl"))
    before = {path.name for path in folder.iterdir()}
    sheet_with_mold(folder, folder / "mold")
    assert {path.name for path in folder.iterdir()} == before
    words = words_of(folder)
    assert "Mold: There was room for 2 of 3 vents." in words
    assert "Mold 120 × 98 × 61 mm; takes 45 mL of material; its cavity is within 0.03 mm of the molded part" in words
    for name in ("mold_outer.stl", "mold.3mf"):
        assert f"Mold: {name} {sha256_of(folder / 'mold' / name)}" in words
    assert sha256_of(folder / "finished_implant.stl") in words


def test_a_mold_of_another_part_or_without_its_files_changes_nothing(folder):
    (folder / "result.json").write_text(json.dumps(RESULT))
    write_approval_sheet(RESULT, folder)
    page = (folder / "approval.html").read_text()
    write_mold(folder / "other", "0" * 64)
    with pytest.raises(InputError, match="made for another part"):
        sheet_with_mold(folder, folder / "other")
    write_mold(folder / "mold", sha256_of(folder / "finished_implant.stl"))
    (folder / "mold" / "mold.3mf").unlink()
    with pytest.raises(InputError, match=r"mold\.3mf is missing"):
        sheet_with_mold(folder, folder / "mold")
    with pytest.raises(InputError, match=r"has no mold\.json"):
        sheet_with_mold(folder, folder)
    (folder / "release.json").write_text('{"format": "cranext-release"}')
    with pytest.raises(InputError, match="was released"):
        sheet_with_mold(folder, folder / "mold")
    assert (folder / "approval.html").read_text() == page
