"""Models are found by name or folder, and described by their own files."""

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


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "damaged"),
        ('{"name": "x"}', "damaged"),
        ('{"name":"x","kind":"y","sha256":"","format_version":9}', "newer"),
    ],
)
def test_bad_descriptions_are_refused(tmp_path, tiny_model, content, words):
    folder = tiny_model(tmp_path / "mine")
    (folder / "model.json").write_text(content)
    with pytest.raises(InputError, match=words):
        model_library.find(folder)
