"""A trained network becomes a model that can be loaded, keeps its scores, and has a card."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from CraNeXtLib.completion import model_import, model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.networks.compact_weights import restored
from CraNeXtLib.networks.cranext_refiner import CraNeXtRefiner
from CraNeXtLib.networks.folded_cranext import FoldedCraNeXt
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.module import make_network
from CraNeXtLib.training.output.model_folder import add_scores, read_scores, write_refined_model
from CraNeXtLib.training.samples.input_kind import input_kind

SMALL = {"depths": (1, 1, 1), "widths": (4, 8, 4), "grn": "3d", "drop_path": 0.0, "mirrored": True}
SHAPE = (64, 72, 64)


def test_a_network_of_the_face_joins_a_refined_model_and_stays_with_it(tmp_path):
    base = model_library.find("cranext_refined")
    config = read_config("face-cpu", overrides={"network": {"options": SMALL}, "data": {"shape": [64, 64, 64]}})
    network = FoldedCraNeXt(in_channels=2, **SMALL)
    folder = tmp_path / "m"
    input_kind(config).write_model(folder, network.state_dict(), (), data="2 skulls.", recipe="Step 3.")
    loaded = load_model(model_library.find(folder))
    assert loaded.face.grid.shape == (64, 64, 64)
    name, value = next(iter(network.state_dict().items()))
    weights, base_weights = load_file(folder / "weights.safetensors"), load_file(base.weights)
    torch.testing.assert_close(restored(weights)[f"face.{name}"].float(), value.half().float())
    assert all(torch.equal(value, weights[key]) for key, value in base_weights.items() if not key.startswith("face."))
    assert "Step 3." in (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    config = read_config("refiner-cpu", overrides={"network": {"start_from": str(folder)}})
    refiner = {k.removeprefix("network."): v for k, v in restored(base_weights).items() if k.startswith("network.")}
    mean = np.zeros(config.data.shape, np.float32)
    write_refined_model(tmp_path / "n", refiner, config, input_kind(config).network_options, mean, data="")
    kept = load_file(tmp_path / "n" / "weights.safetensors")
    assert all(torch.equal(value, kept[key]) for key, value in weights.items() if key.startswith("face."))
    kernels = [key for key, value in base_weights.items() if value.dtype == torch.int8 and key.startswith("network.")]
    assert all(torch.equal(base_weights[key], kept[key]) for key in kernels)
    assert load_model(model_library.find(tmp_path / "n")).face.grid.shape == (64, 64, 64)


def test_a_trained_refiner_is_a_model_that_can_be_loaded(tmp_path):
    config = read_config(
        "refiner-cpu", overrides={"data": {"shape": list(SHAPE)}, "network": {"options": SMALL}, "name": "mine"}
    )
    network = CraNeXtRefiner(**SMALL)
    mean = np.zeros(SHAPE, np.float32)
    folder, options = tmp_path / "m", input_kind(config).network_options
    write_refined_model(folder, network.state_dict(), config, options, mean, data="none")
    model = model_library.find(folder)
    loaded = load_model(model)
    assert loaded.grid.shape == SHAPE
    assert (model.description["kind"], model.description["shape_model"]["name"]) == ("refined", "pca_skull")
    further = replace(config, network=replace(config.network, start_from=str(folder)))
    for name, value in make_network(further).state_dict().items():
        torch.testing.assert_close(value, network.state_dict()[name], atol=2e-3, rtol=1e-3)
    for change, words in (
        ({"grid": {}}, "do not fit"),
        ({"shape_model": {"name": "pca_skull", "sha256": "0"}}, "of another version"),
    ):
        (folder / "model.json").write_text(json.dumps(dict(model.description) | change), encoding="utf-8")
        with pytest.raises(InputError, match=words):
            load_model(model_library.find(folder))


@pytest.fixture
def model(tmp_path):
    """A copy of a bundled model without scores."""
    folder = model_import.export_model("pca_skull", tmp_path)
    (folder / model_library.SCORES_FILE).unlink(missing_ok=True)
    return model_library.find(folder)


def test_scores_go_with_a_model_and_older_folders_have_them_in_the_description(model, tmp_path, monkeypatch):
    monkeypatch.setenv("CRANEXT_HOME", str(tmp_path / "home"))
    file = model.folder / "model.json"
    file.write_text(json.dumps(model.description | {"scores": {"n": 1, "dsc": {"mean": 0.9}, "cases": {"a": {}}}}))
    (model.folder / model_library.SCORES_FILE).unlink(missing_ok=True)
    older = model_library.find(model.folder)
    assert load_model(older)
    assert read_scores(older.folder) == []
    row = {"split": "validation", "spacing_mm": 0.0, "case": "a", "subject": "a", "kind": "own"}
    row |= {"dsc": 0.9, "bdsc": 0.9, "dh95_mm": 1.0, "sdh_mm": 2.0, "diagonal_mm": 300.0, "stray_pieces": 0}
    add_scores(model.folder, [row])
    added = model_import.import_model(model.folder, name="mine")
    assert read_scores(added.folder) == [row]
    add_scores(added.folder, [row | {"case": "b", "sdh_mm": np.nan, "diagonal_mm": np.nan, "stray_pieces": np.nan}])
    card = (added.folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| own | 2 | 0.900 ± 0.000 (0.900) | 0.900 ± 0.000 (0.900) | 1.00 ± 0.00 (1.00) | not measured | 0 |" in card
