"""Fixture: a data set of three generated heads."""

import pytest
from phantoms import write_data_set


@pytest.fixture(scope="session")
def manifest(tmp_path_factory):
    return write_data_set(tmp_path_factory.mktemp("heads"))
