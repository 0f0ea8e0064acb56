"""Fixtures: a shape model that was fitted to four eggshells."""

import pytest
from eggshells import fitted_model

from CraNeXtLib.completion.shape_model.completer import PCACompleter


@pytest.fixture(scope="session")
def model():
    return fitted_model()


@pytest.fixture(scope="session")
def completer(model):
    return PCACompleter(model)
