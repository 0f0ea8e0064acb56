"""Weights are checked before they are loaded."""

import pytest

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError


def test_changed_weights_are_refused(tmp_path, tiny_model):
    folder = tiny_model(tmp_path / "mine")
    (folder / "weights.safetensors").write_bytes((folder / "weights.safetensors").read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="missing or changed"):
        load_model(model_library.find(folder))


def test_weights_of_another_network_are_refused(tmp_path, tiny_model):
    folder = tiny_model(tmp_path / "mine", network={"name": "cranext", "options": {}})
    with pytest.raises(InputError, match="do not fit"):
        load_model(model_library.find(folder))
