"""The folder of one run: all of its files or none, and the JSON that lists them."""

import json

import numpy as np
import pytest

from CraNeXtLib.cases.case_folder import add_to_files, case_folder, discard_results, files_of_run
from CraNeXtLib.core.errors import CancelledError, InputError


def test_the_description_lists_every_file_and_keeps_the_order_of_its_keys(tmp_path):
    with case_folder(tmp_path / "out", "run.json") as folder:
        (folder.path / "b.txt").write_text("b")
        (folder.path / "a.txt").write_text("a")
        description = folder.write_description({"z": 1, "files": ["of an earlier run"], "a": 2})
    assert description == {"z": 1, "files": ["a.txt", "b.txt", "run.json"], "a": 2}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == description["files"]
    text = (tmp_path / "out" / "run.json").read_text(encoding="utf-8")
    assert text == json.dumps(description, indent=2) + "\n"


def test_the_description_is_strict_json(tmp_path):
    with case_folder(tmp_path, "run.json") as folder:
        folder.write_description({"distance_mm": np.inf, "nested": [{"mean": float("nan")}]})
    read = json.loads((tmp_path / "run.json").read_text(), parse_constant=pytest.fail)
    assert (read["distance_mm"], read["nested"]) == (None, [{"mean": None}])


@pytest.mark.parametrize("error", [InputError, CancelledError, KeyboardInterrupt])
def test_nothing_appears_and_nothing_is_lost_when_a_run_fails(tmp_path, error):
    earlier = tmp_path / "out" / "a.txt"
    earlier.parent.mkdir()
    earlier.write_text("earlier")
    for out in (tmp_path / "out", tmp_path / "new"):
        with pytest.raises(error), case_folder(out, "run.json") as folder:
            (folder.path / "a.txt").write_text("later")
            folder.write_description({})
            raise error("No.")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    assert earlier.read_text() == "earlier"


def run(out, *names, description="run.json", **options):
    """Write a run's files into a folder; each holds the names of all."""
    with case_folder(out, description, **options) as folder:
        for name in names:
            (folder.path / name).write_text(" ".join(names))
        folder.write_description({"format": "cranext-run"})


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run_replaces_what_an_earlier_one_of_its_kind_wrote_and_nothing_else(tmp_path):
    (tmp_path / "implant_3.stl").write_text("the user's")
    run(tmp_path, "implant.stl", "implant_1.stl", "implant_2.stl")
    run(tmp_path, "map.vtp", description="other.json")
    run(tmp_path, "implant.stl")
    assert names_in(tmp_path) == ["implant.stl", "implant_3.stl", "map.vtp", "other.json", "run.json"]
    assert (tmp_path / "implant.stl").read_text() == "implant.stl"
    run(tmp_path, "implant.stl", replaces=["other.json", "none.json"])
    assert names_in(tmp_path) == ["implant.stl", "implant_3.stl", "run.json"]


def test_a_file_that_is_added_later_is_replaced_with_the_others(tmp_path):
    for added in (True, False):
        with case_folder(tmp_path, "result.json") as folder:
            folder.write_description({"format": "cranext-result", "volume": None})
        if added:
            (tmp_path / "scene.mrb").write_text("scene")
            add_to_files(tmp_path / "result.json", "scene.mrb")
            content = json.loads((tmp_path / "result.json").read_text())
            assert content == {"format": "cranext-result", "volume": None, "files": ["result.json", "scene.mrb"]}
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("kind", ["run.json", "other.json"])
def test_no_file_of_the_user_or_of_another_kind_is_overwritten(tmp_path, kind):
    if kind == "run.json":
        (tmp_path / "implant.stl").write_text("the user's")
    else:
        run(tmp_path, "implant.stl", description=kind)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"implant\.stl would be overwritten"):
        run(tmp_path, "implant.stl", "new.stl")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_the_description_of_another_program_is_refused_before_any_work(tmp_path):
    (tmp_path / "run.json").write_text('{"files": ["a"]}')
    with pytest.raises(InputError, match=r"run\.json would be overwritten"), case_folder(tmp_path, "run.json"):
        pytest.fail("must not begin")


def test_an_input_that_an_earlier_run_wrote_stays(tmp_path):
    run(tmp_path, "skull.nrrd", "implant.stl")
    run(tmp_path, "implant.stl", inputs=[tmp_path / "skull.nrrd", None])
    assert names_in(tmp_path) == ["implant.stl", "run.json", "skull.nrrd"]
    with pytest.raises(InputError, match=r"implant\.stl would be overwritten, although it is an input"):
        run(tmp_path, "implant.stl", inputs=[tmp_path / "implant.stl"])


def test_an_input_behind_links_that_form_a_circle_is_no_file_of_the_run(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    with case_folder(tmp_path / "out", "run.json", inputs=(tmp_path / "circle" / "a.txt",)) as folder:
        folder.write_description({})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run.json"]


def test_a_description_can_name_only_plain_files_beside_it(tmp_path):
    """Anybody can write a result.json, and it must not make a run delete anything elsewhere."""
    outside, out = tmp_path / "outside", tmp_path / "out"
    outside.write_text("precious")
    (out / "sub").mkdir(parents=True)
    (out / "sub" / "inside").write_text("precious")
    listed = [
        "../outside",
        str(outside),
        "sub",
        "sub/inside",
        "sub\\inside",
        "",
        ".",
        "..",
        ".hidden",
        "a\0b",
        7,
        None,
        ["x"],
    ]
    (out / "run.json").write_text(json.dumps({"format": "cranext-run", "files": [*listed, "plain"]}))
    (out / ".hidden").write_text("precious")
    (out / "plain").write_text("old")
    assert files_of_run(out / "run.json") == {"run.json", "plain", "sub"}
    run(out, "new")
    assert outside.read_text() == "precious"
    assert names_in(out) == [".hidden", "new", "run.json", "sub"]
    assert (out / "sub" / "inside").read_text() == "precious"


@pytest.mark.parametrize(
    "text", ["", "[", "[]", "7", "{}", '{"format": 7}', '{"format": "other", "files": ["a"]}', "[" * 99999]
)
def test_what_is_no_description_names_no_files(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    assert files_of_run(tmp_path / "run.json") == set()
    assert files_of_run(tmp_path / "none.json") == set()


def test_discarding_deletes_the_results_alone(tmp_path):
    run(tmp_path, "implant.stl")
    (tmp_path / "batch.json").write_text("record")
    discard_results(tmp_path, "run.json")
    assert names_in(tmp_path) == ["batch.json"]
    run(tmp_path / "alone", "implant.stl")
    for name in ("alone", "none"):
        discard_results(tmp_path / name, "run.json")
    assert names_in(tmp_path) == ["batch.json"]
