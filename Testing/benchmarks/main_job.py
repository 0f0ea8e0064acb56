"""cranext reconstruct of this checkout against another commit, on Linux, stage by stage, in alternating runs:

python Testing/benchmarks/main_job.py SKULL... [--against COMMIT] [--rounds N] [-- OPTION OF cranext reconstruct ...]

Prints processor seconds (user and system) of each stage, of the whole command and until its first picture is on disk,
its wall time and peak memory: the median of the rounds for each checkout, their ratio, and the DSC of both implants.
Both run in this Python environment.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

_TICKS = os.sysconf("SC_CLK_TCK")
_STAGE = re.compile(r"^ *\d+%  (.*)$")


def measure(checkout: Path, skull: str, out: Path, options: list[str]) -> dict[str, float]:
    """Run the command of a checkout, and return processor seconds by stage, then of the whole, wall time and memory."""
    command = [sys.executable, "-m", "CraNeXtLib.cli", "reconstruct", skull, "--out", str(out), *options]
    # The code of the first round is compiled, as by a user's first run, whatever this shell says about bytecode.
    compiled = {"PYTHONPYCACHEPREFIX": str(out.parent / "bytecode"), "PYTHONDONTWRITEBYTECODE": ""}
    environment = os.environ | {"PYTHONPATH": str(checkout)} | compiled
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment, cwd=out.parent
    )
    assert process.stderr
    seconds: dict[str, float] = {}
    stage, since, lines = "Starting", 0.0, []
    first_picture: list[float] = []
    threading.Thread(target=_watch, args=(process, out, first_picture), daemon=True).start()
    for line in process.stderr:
        lines.append(line)
        if found := _STAGE.match(line):
            now = processor_seconds(process.pid)
            seconds[stage] = seconds.get(stage, 0.0) + now - since
            stage, since = re.sub(r"\d+", "N", found[1]), now
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{checkout} failed: {''.join(lines[-3:])}")
    whole = usage.ru_utime + usage.ru_stime
    seconds[stage] = seconds.get(stage, 0.0) + whole - since
    seen = {"First picture": first_picture[0]} if first_picture else {}
    return (
        seconds | seen | {"Whole": whole, "Wall time": time.perf_counter() - start, "Peak MB": usage.ru_maxrss / 1024}
    )


def _watch(process: subprocess.Popen[str], out: Path, first_picture: list[float]) -> None:
    """Append the processor seconds of a running process when the first picture lies below its output folder."""
    earlier = set(out.glob("*.png"))
    while process.returncode is None:
        with suppress(OSError):  # files move, and the process ends
            if any(path not in earlier for path in out.rglob("*.png")):
                first_picture.append(processor_seconds(process.pid))
                return
        time.sleep(0.01)


def processor_seconds(pid: int) -> float:
    """Return the user and system seconds of a running process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def print_comparison(runs: dict[str, list[dict[str, float]]]) -> None:
    """Print the median of each row for each checkout, and the ratio of the last checkout to the first."""
    medians = {
        name: {row: statistics.median(run.get(row, 0.0) for run in its) for row in its[0]} for name, its in runs.items()
    }
    print(f"{'':28}" + "".join(f"{name:>12}" for name in medians) + ("       ratio" if len(medians) > 1 else ""))
    for row in dict.fromkeys(row for its in medians.values() for row in its):
        values = [its.get(row, 0.0) for its in medians.values()]
        ratio = f"{values[-1] / values[0]:12.2f}" if len(values) > 1 and values[0] >= 0.05 else ""
        print(f"{row:28}" + "".join(f"{value:12.1f}" for value in values) + ratio)


def main() -> None:
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options = sys.argv[end + 1 :]
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("skulls", nargs="+", metavar="SKULL", help="masks of defective skulls")
    parser.add_argument("--against", metavar="COMMIT", help="commit to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each checkout; default: 3")
    arguments = parser.parse_args(sys.argv[1:end])
    from CraNeXtLib.evaluation.metrics import dice
    from CraNeXtLib.geometry.lattice import on_one_grid
    from CraNeXtLib.geometry.volume_files import read_mask

    with tempfile.TemporaryDirectory() as folder:
        checkouts = {"here": ROOT}
        if arguments.against:
            other = Path(folder) / "other"
            add = ["git", "worktree", "add", "--quiet", "--detach", other, arguments.against]
            subprocess.run(add, cwd=ROOT, check=True)
            checkouts = {arguments.against: other, "here": ROOT}
        try:
            for skull in arguments.skulls:
                runs: dict[str, list[dict[str, float]]] = {name: [] for name in checkouts}
                for _ in range(arguments.rounds):
                    for name, checkout in checkouts.items():
                        out = Path(folder) / f"{name}.out"
                        runs[name].append(measure(checkout, str(Path(skull).absolute()), out, options))
                print(f"{Path(skull).name}, {arguments.rounds} rounds")
                print_comparison(runs)
                if arguments.against:
                    implants = (read_mask(Path(folder) / f"{name}.out" / "implant.nrrd") for name in checkouts)
                    print(f"DSC of both implants: {dice(*on_one_grid(*implants)):.6f}", flush=True)
        finally:
            if arguments.against:
                subprocess.run(["git", "worktree", "remove", "--force", other], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
