"""A shape model is the same after it was saved and loaded."""

import json
from dataclasses import replace

import numpy as np
import pytest

from CraNeXtLib.completion.shape_model.model import load_pca_skull, save_pca_skull
from CraNeXtLib.core.errors import InputError


def test_a_saved_model_is_the_same(model, tmp_path):
    options = save_pca_skull(model, tmp_path / "weights.safetensors")
    loaded = load_pca_skull(tmp_path / "weights.safetensors", json.loads(json.dumps(options)))
    np.testing.assert_allclose(loaded.prior.mean, model.prior.mean, atol=0.05)
    np.testing.assert_allclose(loaded.prior.modes, model.prior.modes, atol=np.abs(model.prior.modes).max() / 100)
    np.testing.assert_array_equal(loaded.domain, model.domain)
    assert loaded.prior.kernels == model.prior.kernels
    assert loaded.grid == model.grid


def test_arrays_in_any_order_are_saved_alike(model, tmp_path):
    """safetensors writes the memory of an array as it lies, and forgets its order."""
    prior = replace(model.prior, modes=np.asfortranarray(model.prior.modes))
    turned = replace(model, prior=prior, domain=np.asfortranarray(model.domain))
    for name, which in (("one", model), ("other", turned)):
        save_pca_skull(which, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match="PCA-skull"):
        load_pca_skull(tmp_path / "weights.safetensors", {})
