"""Models are added, copied and deleted by name."""

import json
import sys

import pytest
import torch
from full_disk import full_disk

from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.completion.published_checkpoint import read_published_checkpoint
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of


@pytest.fixture(autouse=True)
def _small_trial(monkeypatch, small_skull):
    """Try imported models on the head of a phantom."""
    from CraNeXtLib.completion import model_loading

    monkeypatch.setattr(model_loading, "read_volume", lambda _path: small_skull)
    monkeypatch.setattr(model_loading, "_SMALL_SHAPE", (32, 32, 32))


@pytest.fixture
def added(home, tmp_path, tiny_model):  # noqa: ARG001
    """A model folder that was imported as 'mine'."""
    folder = tiny_model(tmp_path / "mine")
    model_import.import_model(folder)
    return folder


def test_an_added_model_is_available_by_name(added):
    assert "mine" in [model.name for model in model_library.available()]
    assert model_library.find("mine").sha256 == model_library.find(added).sha256


def test_an_added_model_completes_skulls(added, small_skull):  # noqa: ARG001
    completer = load_model(model_library.find("mine"))
    proposal = completer.propose(small_skull, device="cpu", progress=lambda _fraction: None)
    assert proposal.probability.shape == small_skull.voxels[proposal.box].shape


def test_a_name_is_given_only_once(added):
    with pytest.raises(InputError, match="already exists"):
        model_import.import_model(added)
    assert model_import.import_model(added, name="other").name == "other"


def test_a_name_cannot_lead_out_of_the_folder(added):
    with pytest.raises(InputError, match="cannot be the name of a model"):
        model_import.import_model(added, name="../escape")


def test_an_exported_model_is_a_copy(added, tmp_path):  # noqa: ARG001
    copy = model_import.export_model("mine", tmp_path / "elsewhere")
    assert model_library.find(copy).sha256 == model_library.find("mine").sha256


def test_a_deleted_model_is_gone(added):  # noqa: ARG001
    model_import.delete_model("mine")
    with pytest.raises(InputError, match="no model 'mine'"):
        model_library.find("mine")


def test_bundled_models_cannot_be_deleted():
    for model in model_library.available():
        if model.bundled:
            with pytest.raises(InputError, match="not a model that you added"):
                model_import.delete_model(model.name)


def test_a_model_that_does_not_work_is_not_added(home, tmp_path, tiny_model):
    folder = tiny_model(tmp_path / "mine", input="one-hot")
    with pytest.raises(InputError, match="does not work on a small head"):
        model_import.import_model(folder)
    assert not home.exists()


def test_weights_that_are_not_finite_are_not_added(home, tmp_path, tiny_model):
    from safetensors.torch import load_file, save_file

    folder = tiny_model(tmp_path / "mine")
    weights = {
        key: torch.full_like(value, torch.nan) for key, value in load_file(folder / "weights.safetensors").items()
    }
    save_file(weights, folder / "weights.safetensors")
    description = json.loads((folder / "model.json").read_text())
    description["sha256"] = sha256_of(folder / "weights.safetensors")
    (folder / "model.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match="not finite"):
        model_import.import_model(folder)
    assert not home.exists()


def test_a_copy_of_a_model_is_not_made_within_itself(added):  # noqa: ARG001
    folder = model_library.find("mine").folder
    with pytest.raises(InputError, match="folder of the model itself"):
        model_import.export_model("mine", folder)
    assert not (folder / "mine").exists()


@pytest.mark.parametrize("name", ["circle", "a\0b"])
def test_where_no_folder_can_be_nothing_is_exported(tmp_path, name):
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(InputError, match=r"circle|NUL"):
        model_import.export_model("pca_skull", tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not limit the size of files")
def test_a_copy_for_which_the_disk_is_too_small_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match=r"^weights.safetensors cannot be copied to .*out; free"), full_disk(100_000):
        model_import.export_model("pca_skull", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_of_a_link_only_the_link_is_deleted(home, tmp_path, tiny_model):
    folder = tiny_model(tmp_path / "mine")
    (home / "models").mkdir(parents=True)
    (home / "models" / "mine").symlink_to(folder, target_is_directory=True)
    model_import.delete_model("mine")
    assert not (home / "models" / "mine").is_symlink()
    assert (folder / "weights.safetensors").is_file()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({1: torch.zeros(1)}, "weights by name"),
        ({}, "fits none"),
        ({"a": 1}, "weights by name"),
        ([torch.zeros(1)], "weights by name"),
        ({"module.a": torch.zeros(1), "a": torch.zeros(1)}, "twice"),
        ({"a": torch.tensor([torch.inf])}, "not finite"),
        ({"a": torch.zeros(2, 2).to_sparse()}, "not finite"),
        ({"state_dict": {2: torch.zeros(1)}}, "weights by name"),
    ],
)
def test_a_checkpoint_that_holds_no_network_is_refused(tmp_path, content, words):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(InputError, match=words):
        read_published_checkpoint(tmp_path / "a.pth")
