"""Mean and components are those of the skulls and their mirror images."""

import numpy as np
from eggshells import GRID

from CraNeXtLib.training.shape_model.fit import components_of


def test_components_are_those_of_the_skulls_and_their_mirror_images():
    rng = np.random.default_rng(1)
    disc = np.isfinite(GRID.directions[..., 0])
    side = GRID.directions[disc][:, 0]
    radial_maps = np.full((8, 2, disc.sum()), 80.0, np.float32)
    radial_maps[:, 1] = 6
    amounts = rng.normal(size=8)
    radial_maps[:, 0] += amounts[:, None] * side
    domain, mean, modes = components_of(radial_maps, disc, 3)
    np.testing.assert_allclose(mean[0], 80, atol=1e-3)
    inside = GRID.directions[domain][:, 0]
    expected = np.sqrt(np.mean(amounts**2)) * inside
    assert min(np.abs(modes[0, 0] - expected).max(), np.abs(modes[0, 0] + expected).max()) < 0.05
    assert np.abs(modes[1:]).max() < 0.05


def test_a_place_out_of_view_in_some_skulls_is_still_modeled():
    disc = np.isfinite(GRID.directions[..., 0])
    radial_maps = np.full((10, 2, disc.sum()), 80.0, np.float32)
    radial_maps[:, 1] = 6
    vertex = GRID.directions[disc][:, 2] > 0.97
    front = GRID.directions[disc][:, 1] > 0.6
    radial_maps[:2, :, vertex] = np.nan
    radial_maps[:2, 1, front] = 0
    domain, mean, _ = components_of(radial_maps, disc, 3)
    assert domain[disc][vertex].all()
    assert not domain[disc][front].any()
    np.testing.assert_allclose(mean[0], 80)
