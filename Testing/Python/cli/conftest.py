"""Fixtures of the command's tests."""

import pytest

from CraNeXtLib.cli import main


@pytest.fixture
def run(capsys):
    """Run the command; return its status and what it printed on both streams."""

    def run_command(*arguments) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run_command
