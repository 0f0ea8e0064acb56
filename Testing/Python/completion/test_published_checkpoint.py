"""Published checkpoints are imported without running anything in them."""

import pickle

import pytest
import torch

from CraNeXtLib import networks
from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core import resources
from CraNeXtLib.core.errors import InputError

pytestmark = pytest.mark.usefixtures("home")


def test_the_authors_checkpoint_is_imported(tmp_path):
    torch.manual_seed(0)
    state = networks.build("cranext").state_dict()
    torch.save({f"module.{key}": value for key, value in state.items()}, tmp_path / "cranext.pth")
    model = model_import.import_model(tmp_path / "cranext.pth")
    assert model.name == "cranext-published"
    assert model.description["grid"] == {"name": "official", "shape": [176, 224, 144]}
    assert model.description["postprocessing"] == "official"
    loaded = load_model(model).network.module.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    with pytest.raises(InputError, match="cranext models import"):
        model_library.find(tmp_path / "cranext.pth")


class Malicious:
    """Opens a file when it is unpickled."""

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
