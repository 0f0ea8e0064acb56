"""Settings and fixtures for all tests."""

import os
import signal
from pathlib import Path

import pytest
from repository import REPOSITORY

# Set before NumPy and torch are imported, and inherited by every process that a test starts: the tests' arrays are
# small, so more threads would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Shells start background jobs with Ctrl-C ignored. Processes that a test starts and interrupts must not inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_NOT_WITHOUT_TORCH = ("torch", "monai", "ants")
_WHOLE_JOBS = ("training", "cli", "cases", "slicer_ui")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-torch", action="store_true", help="skip what needs PyTorch, MONAI or ANTs, which are not installed"
    )


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Collect only tests here: for doctests, which are in CraNeXtLib/geometry, pytest would import every helper too."""
    return True if collection_path.suffix == ".py" and not collection_path.name.startswith("test_") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with whole jobs, which take longest: as the last ones, they would keep one process busy and no other."""
    folder = REPOSITORY / "Testing" / "Python"

    def is_part(item: pytest.Item) -> bool:
        return not any(item.path.is_relative_to(folder / name) for name in _WHOLE_JOBS)

    items.sort(key=is_part)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item):
    return (yield from _skipping_what_is_not_installed(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item):
    return (yield from _skipping_what_is_not_installed(item))


def _skipping_what_is_not_installed(item: pytest.Item):
    try:
        return (yield)
    except ModuleNotFoundError as error:
        if item.config.getoption("--without-torch") and error.name in _NOT_WITHOUT_TORCH:
            pytest.skip(f"needs {error.name}")
        raise


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development skulls beside the repository; its tests skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the development skulls in ../shared/data, which are not part of the repository")
    return folder
