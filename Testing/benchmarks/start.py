"""Processor milliseconds until ``cranext --help`` has answered, and until a module of 3D Slicer is imported:

python Testing/benchmarks/start.py [--rounds N]

The modules are imported among the stand-ins for Slicer, which need slicer-core and a Qt for Python (see
Testing/slicer_stand_ins/README.md); without slicer-core, only the command is measured. Each round is a process of its
own; the first one compiles the code and does not count.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = ("CraNeXtImplant", "CraNeXtCategorize", "CraNeXtTraining")

_IMPORT = """
import sys, time
from slicer_stand_ins.startup import start_application
start_application()
sys.path.insert(0, sys.argv[2])
before = time.process_time()
__import__(sys.argv[1])
print(time.process_time() - before)
"""


def of_command(environment: dict[str, str]) -> float:
    """Return the processor seconds of the whole command."""
    process = subprocess.Popen(
        [sys.executable, "-m", "CraNeXtLib.cli", "--help"], stdout=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


def of_module(name: str, environment: dict[str, str]) -> float:
    """Return the processor seconds of importing a module of 3D Slicer, in a Slicer that is already there."""
    command = [sys.executable, "-c", _IMPORT, name, str(ROOT / name)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="processes for each; default: 10")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as bytecode:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "Testing")]),
            "PYTHONPYCACHEPREFIX": bytecode,
            "PYTHONDONTWRITEBYTECODE": "",
            "QT_QPA_PLATFORM": "offscreen",
        }
        measured = {"cranext --help": lambda: of_command(environment)}
        if importlib.util.find_spec("slicer"):
            measured |= {name: lambda name=name: of_module(name, environment) for name in MODULES}
        print(f"{'':20}{'least':>8}{'median':>8}  ms")
        for name, measure in measured.items():
            seconds = [measure() for _ in range(rounds + 1)][1:]
            print(f"{name:20}{1000 * min(seconds):8.1f}{1000 * statistics.median(seconds):8.1f}", flush=True)


if __name__ == "__main__":
    main()
