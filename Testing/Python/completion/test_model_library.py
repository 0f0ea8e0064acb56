"""Models are found by name or folder, and described by their own files."""

import json

import pytest

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError


def test_a_model_is_found_by_its_folder(tmp_path, tiny_model):
    assert model_library.find(tiny_model(tmp_path / "mine")).name == "mine"


def test_bundled_models_are_complete():
    bundled = [model for model in model_library.available() if model.bundled]
    assert model_library.DEFAULT_MODEL in [model.name for model in bundled]
    for model in bundled:
        load_model(model)
        assert (model.folder / "MODEL_CARD.md").is_file()
        assert model.description["licence"] == "CC BY-NC-SA 4.0"
        assert model.weights.stat().st_size <= 30e6


GOOD = {"name": "x", "kind": "network", "sha256": "0", "format_version": 1}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[1]", "keys and values"),
        ("", "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"name": "x", "name": "y"}', "'name' is duplicated"),
        ('{"name": "x"}', "'format_version' must be a whole number"),
        *((json.dumps(GOOD | {"format_version": value}), "'format_version'") for value in ([1], None, "1", True, 1.5)),
        *((json.dumps(GOOD | {"name": value}), "'name' must be text") for value in (None, 1, ["x"], {})),
        *((json.dumps(GOOD | {"name": value}), "name of a model") for value in ("", "../x", "a\0b", "n" * 300, "a ")),
        (json.dumps(GOOD | {"kind": None}), "'kind' must be text"),
        (json.dumps(GOOD | {"sha256": 1}), "'sha256' must be text"),
        ('{"name":"x","kind":"y","sha256":"","format_version":9}', "newer version; update"),
        ('{"format_version":9}', "newer version; update"),
    ],
)
def test_bad_descriptions_are_refused(tmp_path, tiny_model, content, words):
    folder = tiny_model(tmp_path / "mine")
    (folder / "model.json").write_text(content)
    with pytest.raises(InputError, match=words):
        model_library.find(folder)


def test_a_broken_folder_hides_no_other_model_and_says_why(home, tiny_model):
    good = tiny_model(home / "models" / "good")
    for name, content in (("empty", None), ("list", "[]"), ("deep", "[" * 100_000)):
        (home / "models" / name).mkdir()
        if content:
            (home / "models" / name / "model.json").write_text(content)
    names = [model.name for model in model_library.available()]
    assert names[-1] == "good"
    assert model_library.DEFAULT_MODEL in names
    broken = [found for found in model_library.available_and_broken() if isinstance(found, model_library.BrokenModel)]
    assert [found.folder.name for found in broken] == ["deep", "empty", "list"]
    assert "nested too deeply" in broken[0].reason
    assert model_library.find("good").folder == good
    with pytest.raises(InputError, match=r"empty is not a model folder: its model\.json is missing"):
        model_library.find("empty")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "a\0b", "", "\ud800"])
def test_a_name_that_no_file_can_have_is_no_model(home, name):  # noqa: ARG001
    with pytest.raises(InputError, match="no model"):
        model_library.find(name)


@pytest.mark.parametrize(
    ("description", "extras"),
    [
        ({"kind": "refined"}, ()),
        ({"kind": "pca_skull"}, ()),
        ({"kind": "pca_skull_official"}, ("ants",)),
        ({"kind": "network", "network": {"name": "cranext_folded"}}, ()),
        ({"kind": "network", "network": {"name": "cranext"}, "input": "binary"}, ("torch",)),
        ({"kind": "network", "network": {"name": "cranext"}, "input": "labels"}, ("torch", "ants")),
        ({"kind": "network"}, ("torch",)),
    ],
)
def test_a_model_knows_which_extras_it_needs(tmp_path, description, extras):
    assert model_library.Model(tmp_path, {"name": "m", "sha256": "0"} | description).extras == extras
