"""Settings and fixtures for all tests."""

import os
from pathlib import Path

import pytest
from repository import REPOSITORY

# Set before NumPy and torch are imported, and inherited by every process that a test starts: the tests' arrays are
# small, so more threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development skulls beside the repository; its tests skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the development skulls in ../shared/data, which are not part of the repository")
    return folder
