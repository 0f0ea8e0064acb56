"""The shape prior: continuous with what is seen, the mean where nothing is, left from right."""

import numpy as np
import pytest

from CraNeXtLib.completion.shape_model.shape_prior import Kernel, ShapePrior

LINE = np.stack([np.linspace(-100, 100, 201), np.zeros(201), np.zeros(201)], axis=1)


SHORT = ((Kernel(1.0, 10),),)


def prior(modes=None, kernels=SHORT, noise=(0.05,), **options) -> ShapePrior:
    channels = len(kernels)
    modes = np.zeros((0, channels, 201)) if modes is None else modes
    return ShapePrior(np.full((channels, 201), 5.0), modes, LINE, kernels, noise, **options)


def test_meets_what_is_seen_without_a_step():
    seen = np.r_[0:90, 111:201]
    observed = 5 + np.sin(LINE[None, seen, 0] / 30)
    values = prior().given(seen).mean(observed, np.array([90, 110]))
    np.testing.assert_allclose(values[0], 5 + np.sin(LINE[[90, 110], 0] / 30), atol=0.1)


def test_far_from_everything_is_the_mean():
    values = prior().given(np.array([0])).mean(np.array([[9.0]]), np.array([200]))
    assert values[0, 0] == pytest.approx(5.0, abs=1e-3)


def test_symmetry_carries_the_other_side_over():
    kernels = ((Kernel(1.0, 10, symmetry=0.9),),)
    seen, wanted = np.array([180]), np.array([20])
    assert prior(kernels=kernels).given(seen).mean(np.array([[7.0]]), wanted)[0, 0] > 6.5
    assert prior().given(seen).mean(np.array([[7.0]]), wanted)[0, 0] == pytest.approx(5, abs=1e-3)


def test_components_tie_channels_and_places_within_their_reach():
    modes = np.ones((1, 2, 201))
    kernels = ((Kernel(0.1, 5),), (Kernel(0.1, 5),))
    seen, wanted = np.arange(0, 10), np.array([60])
    observed = np.stack([np.full(10, 6.0), np.full(10, 6.0)])
    far = prior(modes, kernels, (0.1, 0.1)).given(seen).mean(observed, wanted)
    np.testing.assert_allclose(far, 6, atol=0.1)
    near = prior(modes, kernels, (0.1, 0.1), reach_mm=10).given(seen).mean(observed, wanted)
    np.testing.assert_allclose(near, 5, atol=0.1)
    unsure = prior(modes, kernels, (0.1, 10.0))
    assert unsure.given(seen).mean(observed, wanted)[1, 0] > 5.8
    assert unsure.given(seen).std(seen, channel=1)[0] > unsure.given(seen).std(seen)[0]


def test_the_subsample_is_dense_only_at_the_rim():
    chosen = prior().subsample(np.r_[0:90, 111:201], np.arange(90, 111))
    near = np.abs(LINE[chosen, 0]) < 28
    assert 8 <= near.sum() <= 12
    assert 12 <= (~near).sum() <= 20


def test_the_posterior_std_grows_away_from_what_is_seen_up_to_the_prior():
    seen, wanted = np.r_[0:90, 111:201], np.array([50, 90, 95, 100])
    deviation = prior().given(seen).std(wanted)
    assert deviation[0] < 0.05
    assert (np.diff(deviation) > 0).all()
    modes = np.full((1, 1, 201), 2.0)
    alone = prior(modes, noise=(10.0,)).given(np.array([0])).std(np.array([200]))
    assert alone[0] == pytest.approx(np.sqrt(1 + 4 - 4**2 / (1 + 4 + 100)), abs=1e-3)


def test_the_posterior_std_is_that_of_the_truth_about_the_prediction():
    shape = prior(np.stack([np.linspace(0, 2, 201)])[:, None], ((Kernel(1.0, 30, symmetry=0.5),),), (0.2,))
    places = np.array([5, 60, 140, 180])
    seen, wanted = places[:2], places[2:]
    rng = np.random.default_rng(0)
    truth = 5 + rng.multivariate_normal(np.zeros(4), shape.covariance(places, places), 4000)
    observed = truth[:, :2] + rng.normal(0, 0.2, (4000, 2))
    errors = [t[2:] - shape.given(seen).mean(o[None], wanted)[0] for t, o in zip(truth, observed, strict=True)]
    np.testing.assert_allclose(np.std(errors, axis=0), shape.given(seen).std(wanted), rtol=0.06)
