"""A released folder is refused by every run, and a check names each file that has changed since."""

import hashlib
import json
import os
import re

import pytest

from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.release.check import check_release
from CraNeXtLib.cases.release.freeze import release_case
from CraNeXtLib.cases.verdict import with_verdict
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import reserved
from CraNeXtLib.evaluation.criterion import Bound, Criterion

STL = "solid part"
CRITERIA = [Criterion("wall", 2.2, "mm", Bound(at_least=2.0)).as_dict()]
THIN = [CRITERIA[0] | {"value": 1.3, "passed": False}]
UNKNOWN = [CRITERIA[0] | {"value": None, "passed": None}]


def verdict_on(criteria):
    return with_verdict({"finishing": {"settings": {}}, "fit": {"criteria": criteria}, "warnings": []})["verdict"]


FITS, FAILS = verdict_on(CRITERIA), verdict_on(THIN)


def describe(folder, name="result.json", **changes):
    content = {
        "format": "cranext-result",
        "case_id": "A-7",
        "finishing": {"settings": {}},
        "fit": {"criteria": CRITERIA},
        "verdict": FITS,
        "warnings": [],
        "part": {"finished_implant.stl": hashlib.sha256(STL.encode()).hexdigest()},
        "files": ["finished_implant.stl", "approval.html", name],
    }
    (folder / name).write_text(json.dumps(content | changes))


@pytest.fixture
def folder(tmp_path):
    """The folder of a part that fits, with its sheet and a mold in a folder of its own."""
    case = tmp_path / "case"
    (case / "mold").mkdir(parents=True)
    (case / "finished_implant.stl").write_text(STL)
    (case / "approval.html").write_text(f"SHA-256 {hashlib.sha256(STL.encode()).hexdigest()}")
    (case / "mold" / "lower.stl").write_text("solid mold")
    describe(case)
    return case


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_holds_the_hash_of_every_file(folder):
    before = content(folder)
    release = release_case(folder)
    assert release["sha256"] == {name: hashlib.sha256(data).hexdigest() for name, data in before.items()}
    assert release["case_id"] == "A-7"
    assert release["accepted"] is None
    assert {name: data for name, data in content(folder).items() if name != "release.json"} == before
    assert json.loads((folder / "release.json").read_text()) == release
    assert check_release(folder).intact


def test_a_check_names_what_changed_is_missing_and_was_added(folder):
    release_case(folder)
    (folder / "mold" / "lower.stl").write_text("solid mould")
    (folder / "approval.html").unlink()
    (folder / "mold" / "upper.stl").write_text("new")
    for name in (".DS_Store", "Thumbs.db"):
        (folder / name).write_text("somebody has looked at the folder")
    check = check_release(folder)
    assert not check.intact
    assert (check.changed, check.missing, check.added) == (("mold/lower.stl",), ("approval.html",), ("mold/upper.stl",))


def test_a_copy_is_checked_like_the_original(folder, tmp_path):
    release_case(folder)
    folder.rename(tmp_path / "elsewhere")
    assert check_release(tmp_path / "elsewhere").intact


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [(THIN, "NOT fit: thinnest wall 1.3 mm"), (UNKNOWN, "not judged: 'Is every wall thick enough.' was not")],
)
def test_a_part_that_is_not_known_to_fit_needs_a_reason(folder, criteria, sentence):
    describe(folder, fit={"criteria": criteria}, verdict=verdict_on(criteria))
    before = content(folder)
    with pytest.raises(InputError, match=rf"{sentence}.*--accept"):
        release_case(folder)
    with pytest.raises(InputError, match="line of text"):
        release_case(folder, accept=" ")
    assert content(folder) == before
    assert release_case(folder, accept="The gap is at the temporal muscle.")["accepted"].startswith("The gap")


def test_what_cannot_be_released_is_refused_by_name(folder):
    def refused(words):
        before = content(folder)
        with pytest.raises(InputError, match=words):
            release_case(folder)
        assert content(folder) == before

    describe(folder, part={})
    refused("result.json is of an earlier version and does not hold its part's hash")
    describe(folder)
    (folder / "finished_implant.stl").write_text("another part")
    refused("finished_implant.stl is not the file that result.json describes")
    describe(folder, part={"finished_implant.stl": hashlib.sha256(b"another part").hexdigest()})
    refused("finished_implant.stl is not the file whose hash is in approval.html")
    describe(folder)
    (folder / "finished_implant.stl").unlink()
    refused("finished_implant.stl is missing")
    describe(folder, finishing=None)
    refused("no finished part")
    (folder / "release.json").write_text('{"version": "1.2"}')
    refused("another program")
    with pytest.raises(InputError, match="no folder"):
        release_case(folder / "nothing")


def test_the_part_of_finish_counts_before_an_implant_that_was_left_as_it_is(folder):
    describe(folder, finishing=None)
    describe(folder, "finish.json", fit={"criteria": THIN}, verdict=FAILS)
    with pytest.raises(InputError, match=r"thinnest wall 1\.3 mm"):
        release_case(folder)


@pytest.mark.parametrize("changes", [{"warnings": None}, {"fit": {"criteria": [{"name": "wall"}]}}, {"fit": 5}])
def test_a_damaged_description_is_refused(folder, changes):
    describe(folder, **changes)
    with pytest.raises(InputError, match=r"result\.json is damaged; restore it"):
        release_case(folder)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"fit": {"criteria": THIN}}, "the verdict"),
        (
            {"fit": {"criteria": [THIN[0] | {"passed": True}]}},
            "the answer to 'Is every wall thick enough?', thinnest wall 1.3 mm (at least 2 mm)",
        ),
        ({"verdict": FITS | {"sentence": "The part fits very well."}}, "the verdict"),
    ],
)
def test_a_verdict_that_was_edited_is_refused_even_with_a_reason(folder, changes, what):
    describe(folder, **changes)
    with pytest.raises(InputError, match=re.escape(f"In result.json, {what}, contradicts what was measured")):
        release_case(folder, accept="It looks fine.")


def test_a_link_is_not_released_and_counts_as_a_change(folder, tmp_path):
    """Also one to the same content: that lies elsewhere, and no later change of it would be noticed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "part.stl").write_text(STL)
    part = folder / "finished_implant.stl"

    def put_links():
        part.unlink()
        part.symlink_to(elsewhere / "part.stl")
        (folder / "more").symlink_to(elsewhere)
        (folder / "broken").symlink_to(tmp_path / "nothing")

    put_links()
    with pytest.raises(InputError, match=r"broken, finished_implant\.stl, more in .* is a link"):
        release_case(folder)
    assert not (folder / "release.json").exists()
    for link in (part, folder / "more", folder / "broken"):
        link.unlink()
    part.write_text(STL)
    release_case(folder)
    put_links()
    check = check_release(folder)
    assert (check.changed, check.missing, check.added) == (("finished_implant.stl",), (), ("broken", "more"))


def test_a_pipe_is_refused_instead_of_read_forever(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(InputError, match="pipe"):
        release_case(folder)


def test_a_folder_that_a_run_fills_is_not_released(folder, monkeypatch):
    monkeypatch.setattr("CraNeXtLib.core.files.filling._SECONDS_TO_WAIT", 0)
    with reserved(folder), pytest.raises(InputError, match="Another run"):
        release_case(folder)
    assert not (folder / "release.json").exists()


@pytest.mark.parametrize("damage", [None, "{"])
def test_no_run_writes_into_a_released_folder(folder, damage):
    release_case(folder)
    if damage:
        (folder / "release.json").write_text(damage)
    before = content(folder)
    with pytest.raises(InputError, match=f"{folder} was released"), case_folder(folder, "result.json"):
        pytest.fail("the run began")
    with pytest.raises(InputError, match="released before"):
        release_case(folder)
    assert content(folder) == before


def test_a_check_needs_a_release(folder):
    with pytest.raises(InputError, match="release it first"):
        check_release(folder)
    for wrong in ("[1]", '{"format": "cranext-release"}'):
        (folder / "release.json").write_text(wrong)
        with pytest.raises(InputError, match="no release"):
            check_release(folder)
