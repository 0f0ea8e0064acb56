"""Models are added, copied and deleted by name."""

import pytest

from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError


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
