"""The real worker, except that it copies a result made beforehand, so that a test waits a fraction of a second.

It is started in place of ``CraNeXtLib/worker.py``. The environment says what it does: ``FAKE_RESULT`` is the folder of
the result, and ``FAKE_TROUBLE`` an end other than success: ``nothing missing``, ``bad input``, ``crash``,
``full disk``, ``memory`` or ``gpu memory`` not enough, a ``package`` missing, or ``hang`` until cancelled.
"""

import os
import shutil
import sys
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from CraNeXtLib import worker  # noqa: E402
from CraNeXtLib.atomic_files import filling  # noqa: E402
from CraNeXtLib.errors import InputError, NoImplantError  # noqa: E402


def run(_task, arguments, progress):
    """Return the result, or get into trouble."""
    trouble = os.environ.get("FAKE_TROUBLE")
    progress("Reading", 0.0)
    progress("Reconstructing", 0.5)
    if trouble == "nothing missing":
        raise NoImplantError("There is no implant to make.")
    if trouble == "bad input":
        raise InputError("The skull is upside down; turn it.")
    if trouble == "crash":
        os._exit(139)
    if trouble == "full disk":
        with filling(arguments["out"]):
            raise OSError(28, "No space left on device")
    if trouble == "package":
        raise ModuleNotFoundError("No module named 'monai'", name="monai")
    if trouble == "memory":
        raise MemoryError
    if trouble == "gpu memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")  # as torch.OutOfMemoryError
    while trouble == "hang":
        time.sleep(0.02)
        progress("Reconstructing", 0.5)
    shutil.copytree(os.environ["FAKE_RESULT"], arguments["out"])
    progress("Writing", 1.0)
    return {}


worker._run = run
sys.exit(worker.main(sys.argv[1]))
