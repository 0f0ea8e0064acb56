"""Fixtures that several test files use."""

from pathlib import Path

import pytest
from repository import REPOSITORY


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development skulls beside the repository; its tests skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the development skulls in ../shared/data, which are not part of the repository")
    return folder
