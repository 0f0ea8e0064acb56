"""Paths of the repository and of the tests' helpers, for test files in any folder."""

from pathlib import Path

TESTS = Path(__file__).parent
REPOSITORY = TESTS.parents[1]
