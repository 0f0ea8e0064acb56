"""The generated head that most tests of finishing work on."""

import pytest
from phantoms import Head, head


@pytest.fixture(scope="session")
def phantom() -> Head:
    return head(spacing=(1.0, 1.0, 1.0))
