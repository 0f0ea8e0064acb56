"""The real worker, except that it copies a result made beforehand, so that a test waits a fraction of a second.

It is started in place of ``CraNeXtLib/cli/worker.py``. The environment says what it does: ``FAKE_RESULT`` is the folder
of the result, and ``FAKE_TROUBLE`` an end other than success: ``nothing missing``, ``bad input``, ``crash``,
``full disk``, ``memory`` or ``gpu memory`` not enough, a ``package`` missing, or ``hang`` until cancelled.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from fake_trouble import get_into

sys.path[0] = str(Path(__file__).resolve().parents[2])

from CraNeXtLib.cli import worker  # noqa: E402
from CraNeXtLib.core.errors import InputError, NoImplantError  # noqa: E402
from CraNeXtLib.core.files.atomic import filling  # noqa: E402


def run(_task, arguments, progress):
    """Return the result, or get into trouble."""
    trouble = os.environ.get("FAKE_TROUBLE")
    progress("Reading", 0.0)
    progress("Reconstructing", 0.5)
    if trouble == "nothing missing":
        raise NoImplantError("There is no implant to make.")
    if trouble == "bad input":
        raise InputError("The skull is upside down; turn it.")
    if trouble == "full disk":
        with filling(arguments["out"]):
            raise OSError(28, "No space left on device")
    get_into(trouble)
    while trouble == "hang":
        time.sleep(0.02)
        progress("Reconstructing", 0.5)
    shutil.copytree(os.environ["FAKE_RESULT"], arguments["out"])
    progress("Writing", 1.0)
    return {}


worker._run = run
sys.exit(worker.main(sys.argv[1]))
