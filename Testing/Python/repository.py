"""Where the repository and the tests' own helpers are, wherever a test file lies."""

from pathlib import Path

TESTS = Path(__file__).parent
REPOSITORY = TESTS.parents[1]
