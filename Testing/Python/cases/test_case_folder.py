"""The folder of one run: all of its files or none, and the JSON that lists them."""

import json

import numpy as np
import pytest

from CraNeXtLib.cases.case_folder import case_folder
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


def test_a_caller_can_list_the_files_itself(tmp_path):
    with case_folder(tmp_path, "run.json") as folder:
        description = folder.write_description({}, files=("b", "a"), indent=1)
    assert (tmp_path / "run.json").read_text() == json.dumps({"files": ["b", "a"]}, indent=1) + "\n"
    assert description == {"files": ["b", "a"]}


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
