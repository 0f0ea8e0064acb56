"""Which tests ``.ci/app`` runs."""

import os
import subprocess

import pytest
from repository import REPOSITORY

ALL = "Testing/Python/slicer_ui/browser_app"


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("given", "run"),
    [
        ([], [ALL]),
        (["-p", "no:cacheprovider"], ["-p", "no:cacheprovider", ALL]),
        (["-x", f"{ALL}/test_access.py::test_one"], ["-x", f"{ALL}/test_access.py::test_one"]),
    ],
)
def test_all_tests_of_the_application_run_unless_some_are_named(tmp_path, given, run):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("python", "pytest"):
        (programs / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (programs / name).chmod(0o755)
    command = [REPOSITORY / ".ci" / "app", *given]
    told = subprocess.run(command, env={**os.environ, "APP_ENVIRONMENT": str(tmp_path)}, capture_output=True, text=True)
    assert told.stdout.split() == ["-m", "pytest", "--quiet", *run]
