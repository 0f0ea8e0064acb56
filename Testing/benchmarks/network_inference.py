"""Time of the plain and the streamed forward pass: python Testing/benchmarks/network_inference.py [--size X Y Z].

Each runs in a process of its own, one after the other, with the same random weights (GRN active) and the same random
mask. Prints seconds (wall and processor), peak memory of the process, ratios, and the largest difference of the
probabilities. The plain pass on the network's full grid needs 10 GB.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch

from CraNeXtLib import networks
from CraNeXtLib.networks.streamed_cranext import StreamedCraNeXt

WAYS = ("plain", "streamed")


def measure(way: str, options: argparse.Namespace) -> dict[str, object]:
    """Run one method in this process, and return its measurements and the probabilities."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = networks.build(options.network, grn=options.grn).eval()
    for name, parameter in model.named_parameters():
        if ".grn." in name:
            torch.nn.init.normal_(parameter)
    x = (torch.rand(1, 1, *options.size) > 0.8).float()
    forward = StreamedCraNeXt(model) if way == "streamed" else model
    wall, processor = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        probability = forward(x).sigmoid_()
    return {
        "wall": time.perf_counter() - wall,
        "processor": time.process_time() - processor,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
        "probability": probability,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", nargs=3, type=int, default=[176, 224, 144], metavar=("X", "Y", "Z"))
    parser.add_argument("--network", default="cranext", choices=networks.NAMES)
    parser.add_argument("--grn", default="official", choices=["official", "3d"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        torch.save(measure(options.way, options), options.result)
        return
    print(f"{options.network}, GRN {options.grn}, {'×'.join(map(str, options.size))} voxels, {options.threads} threads")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            file = Path(folder) / f"{way}.pt"
            subprocess.run([sys.executable, *sys.argv, "--way", way, "--result", file], check=True)
            results[way] = result = torch.load(file, weights_only=True)
            times = f"{result['wall']:7.1f} s  {result['processor']:7.1f} s processor"
            print(f"{way:9} {times}  {result['peak']:6.0f} MiB peak")
    plain, streamed = (results[way] for way in WAYS)
    ratios = {key: plain[key] / streamed[key] for key in ("wall", "processor", "peak")}
    print("plain / streamed:", ", ".join(f"{key} {ratio:.1f}" for key, ratio in ratios.items()))
    print(f"largest difference {(plain['probability'] - streamed['probability']).abs().max():.1e}")


if __name__ == "__main__":
    main()
