"""Time of a reconstruction by stage, quick preview and full: python Testing/benchmarks/reconstruction.py SKULL....

Each skull is reconstructed in a process of its own, first as a preview, then in full. Prints seconds (wall and
processor) of every stage and of the whole since the start of Python, and the DSC of the preview with the full
implant.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

STARTED = time.perf_counter(), 0.0


def measure(skull: str, out: str, options: argparse.Namespace) -> dict[str, tuple[float, float]]:
    """Reconstruct in this process, and return wall and processor seconds by stage, in order of completion."""
    from CraNeXtLib.cases.case_settings import CaseSettings
    from CraNeXtLib.cases.reconstruction_case import reconstruct_case

    marks = [("Starting", *STARTED)]

    def progress(stage: str, _fraction: float) -> None:
        if stage != marks[-1][0]:
            marks.append((stage, time.perf_counter(), time.process_time()))

    settings = CaseSettings(orientation=options.orientation, preview=options.preview, device="cpu")
    reconstruct_case(skull, out, settings, progress)
    marks.append(("", time.perf_counter(), time.process_time()))
    seconds: dict[str, tuple[float, float]] = {}
    for (stage, *start), (_, *end) in pairwise(marks):
        before = seconds.get(stage, (0.0, 0.0))
        seconds[stage] = tuple(round(b + e - s, 2) for b, s, e in zip(before, start, end, strict=True))
    return seconds | {"Whole": (round(marks[-1][1] - STARTED[0], 2), round(marks[-1][2], 2))}


def print_stages(seconds: dict[str, tuple[float, float]]) -> None:
    for stage, (wall, processor) in seconds.items():
        if processor >= 0.05:
            print(f"  {stage:24} {wall:6.1f} s {processor:6.1f} s processor")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("skulls", nargs="+", metavar="SKULL", help="masks of defective skulls")
    parser.add_argument("--orientation", metavar="XYZ", help="directions of the array axes, such as LPS")
    parser.add_argument("--out", help=argparse.SUPPRESS)
    parser.add_argument("--preview", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.out:
        print(json.dumps(measure(options.skulls[0], options.out, options)))
        return
    from CraNeXtLib.evaluation.metrics import dice
    from CraNeXtLib.geometry.volume_files import read_volume

    for skull in options.skulls:
        shape = read_volume(skull, orientation=options.orientation).shape
        print(f"{Path(skull).name}, {' x '.join(map(str, shape))} voxels")
        with tempfile.TemporaryDirectory() as folder:
            for way in ("preview", "full"):
                command = [
                    sys.executable,
                    __file__,
                    skull,
                    "--out",
                    f"{folder}/{way}",
                    *(["--preview"] * (way == "preview")),
                ]
                command += ["--orientation", options.orientation] if options.orientation else []
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                print(f" {way}")
                print_stages(json.loads(done.stdout.splitlines()[-1]))
            implants = (read_volume(f"{folder}/{way}/implant.nrrd") for way in ("preview", "full"))
            print(f" DSC of both {dice(*implants):.3f}", flush=True)


if __name__ == "__main__":
    main()
