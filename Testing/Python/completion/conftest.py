"""Fixtures: the demo skull and the bundled model; a small model in the user's folder of a test's own."""

import json

import numpy as np
import pytest

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core import resources
from CraNeXtLib.core.files import hashing
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask


@pytest.fixture(scope="session")
def demo():
    """The demo skull and its reference implant."""
    folder = resources.BUNDLED.parent / "Demo"
    return tuple(read_mask(folder / f"{name}.nrrd") for name in ("defective_skull", "reference_implant"))


@pytest.fixture(scope="session")
def refined():
    """The bundled refined model, loaded."""
    return load_model(model_library.find("cranext_refined"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's folder, empty."""
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def tiny_model():
    """Write a model folder with a small untrained network; the value is the function that does so."""

    def write(folder, **changes):
        import torch
        from safetensors.torch import save_file

        from CraNeXtLib import networks

        folder.mkdir(parents=True)
        torch.manual_seed(0)
        network = networks.build("cranext_tiny")
        save_file({k: v.half() for k, v in network.state_dict().items()}, folder / "weights.safetensors")
        description = {
            "name": folder.name,
            "kind": "network",
            "format_version": 1,
            "network": {"name": "cranext_tiny", "options": {}},
            "grid": {"name": "default", "shape": [32, 32, 32]},
            "sha256": hashing.sha256_of(folder / "weights.safetensors"),
        } | changes
        (folder / "model.json").write_text(json.dumps(description))
        return folder

    return write


@pytest.fixture(scope="session")
def small_skull() -> Volume:
    """An ellipsoidal skull of few voxels."""
    r, a, s = (np.indices((40, 48, 40)) - np.array([20, 24, 20]).reshape(3, 1, 1, 1)) * 4.0
    radius = np.sqrt((r / 70) ** 2 + (a / 88) ** 2 + (s / 72) ** 2)
    return Volume((radius < 1) & (radius > 0.85), np.diag([4.0, 4, 4, 1]))
