"""PCA-skull as published is fitted to generated heads."""

import numpy as np
import pytest
from phantoms import head

from CraNeXtLib.completion import model_library
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.training.shape_model.official import fit, principal_components


def test_components_are_all_those_of_the_rows():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((5, 40)).astype(np.float32)
    mean, components = principal_components(rows)
    assert components.shape == (4, 40)
    np.testing.assert_allclose(components @ components.T, np.eye(4), atol=1e-5)
    np.testing.assert_allclose(mean + (rows - mean) @ components.T @ components, rows, atol=1e-4)
    decomposition = pytest.importorskip("sklearn.decomposition", reason="compares with scikit-learn")
    theirs = decomposition.PCA().fit(rows)
    other = rng.standard_normal((1, 40)).astype(np.float32)
    wanted = theirs.mean_ + (other - theirs.mean_) @ theirs.components_[:4].T @ theirs.components_[:4]
    np.testing.assert_allclose(mean + (other - mean) @ components.T @ components, wanted, atol=1e-4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    skulls = (head(spacing=(4.0, 4.0, 4.0), thickness_mm=14.0 + n).complete for n in range(5))
    return fit(skulls, tmp_path_factory.mktemp("model"), spacing_mm=4.0, registration="Rigid", count=4, data="heads")


def test_the_model_says_what_it_is(folder):
    description = model_library.find(folder).description
    assert (description["options"]["skulls"], description["options"]["registration"]) == (4, "Rigid")
    assert "as published" in (folder / "MODEL_CARD.md").read_text()


def test_what_cannot_be_fitted_is_refused(tmp_path):
    skull = head(spacing=(6.0, 6.0, 6.0)).complete
    with pytest.raises(InputError, match=r"'Affine'.*SyN"):
        fit([skull, skull], tmp_path / "model", registration="Affine")
    with pytest.raises(InputError, match="at least two"):
        fit([skull], tmp_path / "model")
    assert not (tmp_path / "model").exists()
