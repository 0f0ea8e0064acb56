"""Models are found by name, checked before they are loaded, and added without running anything in them."""

import json
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from CraNeXtLib import networks
from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core import resources
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files import hashing
from CraNeXtLib.geometry.volume import Volume

SHAPE = (32, 32, 32)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def tiny_model(folder, **changes):
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    network = networks.build("cranext_tiny")
    save_file({k: v.half() for k, v in network.state_dict().items()}, folder / "weights.safetensors")
    description = {
        "name": folder.name,
        "kind": "network",
        "format_version": 1,
        "network": {"name": "cranext_tiny", "options": {}},
        "grid": {"name": "default", "shape": list(SHAPE)},
        "sha256": hashing.sha256_of(folder / "weights.safetensors"),
    } | changes
    (folder / "model.json").write_text(json.dumps(description))
    return folder


def small_skull() -> Volume:
    r, a, s = (np.indices((40, 48, 40)) - np.array([20, 24, 20]).reshape(3, 1, 1, 1)) * 4.0
    radius = np.sqrt((r / 70) ** 2 + (a / 88) ** 2 + (s / 72) ** 2)
    return Volume((radius < 1) & (radius > 0.85), np.diag([4.0, 4, 4, 1]))


def test_a_folder_and_an_added_model_work(tmp_path):
    folder = tiny_model(tmp_path / "mine")
    assert model_library.find(folder).name == "mine"
    model_import.import_model(folder)
    assert "mine" in [model.name for model in model_library.available()]
    proposal = load_model(model_library.find("mine")).propose(
        small_skull(), device="cpu", progress=lambda _fraction: None
    )
    assert proposal.probability.shape == small_skull().voxels[proposal.box].shape
    with pytest.raises(InputError, match="already exists"):
        model_import.import_model(folder)
    with pytest.raises(InputError, match="cannot be the name of a model"):
        model_import.import_model(folder, name="../escape")
    copy = model_import.export_model("mine", tmp_path / "elsewhere")
    assert model_library.find(copy).sha256 == model_library.find("mine").sha256
    model_import.delete_model("mine")
    with pytest.raises(InputError, match="no model 'mine'"):
        model_library.find("mine")


def test_bundled_models_are_whole_and_cannot_be_deleted():
    bundled = [model for model in model_library.available() if model.bundled]
    assert model_library.DEFAULT_MODEL in [model.name for model in bundled]
    for model in bundled:
        load_model(model)
        assert (model.folder / "MODEL_CARD.md").is_file()
        assert model.description["licence"] == "CC BY-NC-SA 4.0"
        assert model.weights.stat().st_size <= 30e6
        with pytest.raises(InputError, match="not a model that you added"):
            model_import.delete_model(model.name)


def test_changed_weights_are_refused(tmp_path):
    folder = tiny_model(tmp_path / "mine")
    (folder / "weights.safetensors").write_bytes((folder / "weights.safetensors").read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="missing or changed"):
        load_model(model_library.find(folder))


def test_weights_of_another_network_are_refused(tmp_path):
    folder = tiny_model(tmp_path / "mine", network={"name": "cranext", "options": {}})
    with pytest.raises(InputError, match="do not fit"):
        load_model(model_library.find(folder))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "damaged"),
        ('{"name": "x"}', "damaged"),
        ('{"name":"x","kind":"y","sha256":"","format_version":9}', "newer"),
    ],
)
def test_bad_descriptions_are_refused(tmp_path, content, words):
    folder = tiny_model(tmp_path / "mine")
    (folder / "model.json").write_text(content)
    with pytest.raises(InputError, match=words):
        model_library.find(folder)


def test_the_authors_checkpoint_is_imported(tmp_path):
    torch.manual_seed(0)
    state = networks.build("cranext").state_dict()
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "cranext.pth")
    model = model_import.import_model(tmp_path / "cranext.pth")
    assert model.name == "cranext-published"
    assert model.description["grid"] == {"name": "official", "shape": [176, 224, 144]}
    assert model.description["postprocessing"] == "official"
    loaded = load_model(model).network.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    with pytest.raises(InputError, match="cranext models import"):
        model_library.find(tmp_path / "cranext.pth")


class Malicious:
    def __reduce__(self):
        return (open, ("owned", "w"))


def test_bad_checkpoints_are_refused_and_run_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.pth").write_bytes(pickle.dumps(Malicious()))
    torch.save({"a": Malicious()}, tmp_path / "zipped.pth")
    torch.save({"a": torch.zeros(2)}, tmp_path / "keys.pth")
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    for name in ("code.pth", "zipped.pth", "keys.pth", "text.pth", "text.safetensors", "missing.pth"):
        with pytest.raises(InputError, match=name):
            model_import.import_model(tmp_path / name)
    assert not (tmp_path / "owned").exists()
    assert not resources.user_folder().exists() or not any(resources.user_folder().iterdir())
