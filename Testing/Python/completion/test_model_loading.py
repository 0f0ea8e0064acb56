"""Weights are checked before they are loaded."""

import json

import pytest

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model, try_model
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


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "other"}, "of kind 'other'"),
        ({"network": None}, "does not work"),
        ({"network": {}}, "KeyError: 'name'"),
        ({"network": {"name": ["cranext"]}}, "does not work"),
        ({"network": {"name": "resnet"}}, "no network 'resnet'"),
        ({"network": {"name": "cranext_tiny", "options": [1]}}, "does not work"),
        ({"network": {"name": "cranext_tiny", "options": {"depth": 1}}}, "cannot be built"),
        ({"network": {"name": "cranext_tiny", "options": {"depths": [1, 1, 10**9, 1, 1]}}}, "more than 2048"),
        ({"network": {"name": "cranext_tiny", "options": {"widths": [1e400] * 5}}}, "model.json"),
        ({"grid": None}, "does not work"),
        ({"grid": {"name": "cube", "shape": [32, 32, 32]}}, "grid in model.json is 'cube'"),
        ({"grid": {"name": "default", "shape": [10**6] * 3}}, "at most 512 voxels"),
        ({"grid": {"name": "default", "shape": [32, 32]}}, "three axes"),
        ({"threshold": 7}, "threshold in model.json is 7"),
        ({"threshold": "0.5"}, "does not work"),
        ({"target": "skin"}, "target in model.json is 'skin'"),
        ({"input": "x-ray"}, "takes the input 'x-ray'"),
        ({"placement": 3}, "placement in model.json is 3"),
        ({"kind": "refined", "shape_model": None}, "does not name its shape model"),
        ({"kind": "refined", "shape_model": {"name": "pca", "sha256": "0"}}, "needs the shape model 'pca'"),
        ({"kind": "pca_skull"}, "does not hold a PCA-skull"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(tmp_path, tiny_model, changes, words):
    folder = tiny_model(tmp_path / "mine", **changes)
    with pytest.raises(InputError, match=words):
        load_model(model_library.find(folder))


def test_a_grid_that_the_network_cannot_take_is_refused_when_the_model_is_tried(tmp_path, tiny_model):
    folder = tiny_model(tmp_path / "mine", grid={"name": "default", "shape": [1, 1, 1]})
    with pytest.raises(InputError, match="at least 32 voxels"):
        try_model(model_library.find(folder))


def test_a_model_that_names_itself_as_its_shape_model_is_refused(home, tiny_model):
    folder = tiny_model(home / "models" / "mine")
    description = json.loads((folder / "model.json").read_text())
    description |= {"kind": "refined", "shape_model": {"name": "mine", "sha256": description["sha256"]}}
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="needs the shape model 'mine'"):
        load_model(model_library.find("mine"))


def test_too_little_memory_is_not_called_a_damaged_model(tmp_path, tiny_model, monkeypatch):
    from CraNeXtLib.completion.network_completer import NetworkCompleter

    def fail(*_arguments, **_options):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr(NetworkCompleter, "load", fail)
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        load_model(model_library.find(tiny_model(tmp_path / "mine")))


def test_a_model_that_needs_pytorch_says_so_where_it_is_missing(monkeypatch, tmp_path, tiny_model):
    def lacking(*_arguments, **_options):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    model = model_library.find(tiny_model(tmp_path / "mine"))
    monkeypatch.setattr("CraNeXtLib.networks.build", lacking)
    with pytest.raises(InputError, match=r"Model 'mine' cannot be used: This needs torch.*'cranext\[torch\]'"):
        load_model(model)
