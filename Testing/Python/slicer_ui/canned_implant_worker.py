"""A worker that copies a result prepared beforehand, so that a test waits only a fraction of a second.

It replaces ``CraNeXtLib/cli/worker.py`` and obeys two environment variables: ``CANNED_RESULT`` is the folder with the
result; ``SIMULATED_FAILURE`` is ``nothing missing``, ``bad input``, ``crash``, ``full disk``, ``memory`` or
``gpu memory`` (not enough of it), ``package`` (missing), or ``hang`` (until cancelled).
"""

import os
import shutil
import sys
import time
from pathlib import Path

from simulated_failures import fail_with

sys.path[0] = str(Path(__file__).resolve().parents[3])

from CraNeXtLib.cli import worker  # noqa: E402
from CraNeXtLib.core.errors import InputError, NoImplantError  # noqa: E402
from CraNeXtLib.core.files.filling import filling  # noqa: E402


def run(_task, arguments, progress):
    """Copy the result, or fail."""
    failure = os.environ.get("SIMULATED_FAILURE")
    progress("Reading", 0.0)
    progress("Reconstructing", 0.5)
    if failure == "nothing missing":
        raise NoImplantError("There is no implant to make.", warnings=["Much of the bone is no skull."])
    if failure == "bad input":
        raise InputError("The skull is upside down; turn it.")
    if failure == "full disk":
        with filling(arguments["out"]):
            raise OSError(28, "No space left on device")
    fail_with(failure)
    while failure == "hang":
        time.sleep(0.02)
        progress("Reconstructing", 0.5)
    shutil.copytree(os.environ["CANNED_RESULT"], arguments["out"])
    progress("Writing", 1.0)
    return {}


worker._run = run
sys.exit(worker.main(sys.argv[1]))
