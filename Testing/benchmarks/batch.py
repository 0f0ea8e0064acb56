"""Scale of cranext batch, on Linux: python Testing/benchmarks/batch.py [--cases N] [OPTION OF cranext batch ...].

The cases are the demo skull on coarse voxels, each moved by another millimeter, so that no two files are the same. They
run with one worker, and with two in a batch that is killed (kill -9) after half of the cases and resumed. Prints cases
per processor hour, memory, and for each quarter of the batch the processor seconds of a case and the memory of the
process that starts them, which must not grow. Then compares both batches' implants voxel by voxel.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from CraNeXtLib.cases.batch.record import RECORD
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask, read_volume, write_volume

_TICKS = os.sysconf("SC_CLK_TCK")
_SECONDS_TO_END = 10


class Mark(NamedTuple):
    """State of a batch after some of its cases: seconds since its start, and memory at that time in MB."""

    cases: int
    processor: float
    wall: float
    batch_mb: float
    worker_mb: float


def write_cases(folder: Path, count: int, spacing_mm: float) -> tuple[int, int, int]:
    """Write the skulls, and return their shape."""
    skull = shrink(read_mask(DEFECTIVE_SKULL), spacing_mm)
    for number in range(count):
        affine = skull.affine.copy()
        affine[0, 3] += number
        write_volume(Volume(skull.voxels >= 0.5, affine), folder / f"{number:04d}.nrrd")
    return skull.shape


def run(cases: Path, out: Path, options: list[str], *, kill_after: int | None = None) -> list[Mark]:
    """Run a batch and return its state after each case; kill it, and wait for its workers to end, after some cases."""
    command = [sys.executable, "-m", "CraNeXtLib.cli", "batch", str(cases), "--out", str(out), *options]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    start, marks, worker_mb = time.perf_counter(), [Mark(0, 0.0, 0.0, 0.0, 0.0)], 0.0
    before = finished(out)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        children: list[int] = []
        while process.poll() is None:
            children = children_of(process.pid) or children
            worker_mb = max([worker_mb, *map(peak_mb, children)])
            done = finished(out) - before
            if done > marks[-1].cases:
                wall = time.perf_counter() - start
                marks.append(Mark(done, processor_seconds(process.pid), wall, peak_mb(process.pid), worker_mb))
            if kill_after is not None and done >= kill_after:
                process.kill()
            time.sleep(0.05)
        said = process.stdout.read().decode() if process.stdout else ""
    if kill_after is not None:
        wait_for_the_end(children)
    elif process.returncode:
        sys.exit(f"{' '.join(command)}\nended with {process.returncode}: {said[-2000:]}")
    return marks


def finished(out: Path) -> int:
    return len(list(out.glob(f"cases/*/{RECORD}")))


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # it has ended
        return []


def peak_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM")), 0.0)


def processor_seconds(pid: int) -> float:
    """Return the processor seconds of a process and of those of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def wait_for_the_end(pids: list[int]) -> None:
    """Wait for the workers of a killed batch, which notice its end by themselves."""
    start = time.perf_counter()
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        if time.perf_counter() - start > _SECONDS_TO_END:
            sys.exit("A worker of the killed batch is still running.")
        time.sleep(0.05)
    print(f"  killed; its workers ended within {time.perf_counter() - start:.1f} s")


def print_marks(marks: list[Mark]) -> None:
    last = marks[-1]
    print(
        f"  {last.cases} cases, {3600 * last.cases / last.processor:.0f} per processor hour, "
        f"{3600 * last.cases / last.wall:.0f} per hour; batch {last.batch_mb:.0f} MB, worker {last.worker_mb:.0f} MB"
    )
    quarters = [marks[round(part * (len(marks) - 1))] for part in (0, 0.25, 0.5, 0.75, 1)]
    for before, after in pairwise(quarters):
        count = after.cases - before.cases
        if count:
            seconds = (after.processor - before.processor) / count
            print(f"    to case {after.cases:4d}: {seconds:6.1f} processor s a case, batch {after.batch_mb:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=40, metavar="N", help="number of cases; default: %(default)s")
    parser.add_argument("--spacing", type=float, default=2.0, metavar="MM", help="voxels; default: %(default)s")
    options, passed_on = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as temporary:
        cases, alone, halved = (Path(temporary) / name for name in ("cases", "alone", "halved"))
        cases.mkdir()
        shape = write_cases(cases, options.cases, options.spacing)
        print(f"{options.cases} cases of {' x '.join(map(str, shape))} voxels")
        print("One worker")
        print_marks(run(cases, alone, passed_on))
        print("Two workers, killed and resumed")
        two = [*passed_on, "--workers", "2"]
        print_marks(run(cases, halved, two, kill_after=options.cases // 2))
        kept = finished(halved)
        print_marks(run(cases, halved, two))
        print(f"  {kept} cases kept, {finished(halved)} finished")
        start = time.perf_counter()
        run(cases, halved, two)
        print(f"Nothing left to do: {(time.perf_counter() - start) / options.cases:.2f} s a case")
        implants = [
            [read_volume(out / "cases" / f"{number:04d}" / "implant.nrrd").voxels for out in (alone, halved)]
            for number in range(options.cases)
        ]
        print(f"Same implants: {sum(np.array_equal(*pair) for pair in implants)} of {options.cases}")


if __name__ == "__main__":
    main()
