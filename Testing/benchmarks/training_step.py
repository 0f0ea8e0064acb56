"""Time a training step of CraNeXt on the CPU: python Testing/benchmarks/training_step.py [--size X Y Z].

Compares PyTorch's gradient of the depthwise convolutions with the network's own, and single precision with bfloat16
autocast. Prints the seconds (processor, of all threads together) of forward and backward pass, and the wall seconds of
both, as the best of a few steps.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from torch import nn

from CraNeXtLib import networks
from CraNeXtLib.networks.depthwise import DepthwiseConv3d

WAYS = {
    "PyTorch's gradient": (nn.Conv3d.forward, False),
    "own gradient": (DepthwiseConv3d.forward, False),
    "own gradient, bfloat16": (DepthwiseConv3d.forward, True),
}


def measure(model: nn.Module, x: torch.Tensor, *, half: bool) -> tuple[float, float, float]:
    """Return the processor seconds of forward and backward pass and the wall seconds of both."""
    times, start = [time.process_time()], time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        logits = model(x)
    times.append(time.process_time())
    nn.functional.binary_cross_entropy_with_logits(logits.float(), x).backward()
    times.append(time.process_time())
    model.zero_grad()
    return times[1] - times[0], times[2] - times[1], time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", nargs=3, type=int, default=[44, 56, 36], metavar=("X", "Y", "Z"))
    parser.add_argument("--network", default="cranext", choices=networks.NAMES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    model = networks.build(options.network)
    x = (torch.rand(1, 1, *options.size) > 0.8).float()
    print(f"{options.network}, {'×'.join(map(str, options.size))} voxels, {options.threads} threads")
    own = DepthwiseConv3d.forward
    for name, (forward, half) in WAYS.items():
        DepthwiseConv3d.forward = forward
        steps = [measure(model, x, half=half) for _ in range(options.steps)]
        there, back, wall = (min(column) for column in zip(*steps, strict=True))
        print(f"{name:23} forward {there:6.2f} s  backward {back:6.2f} s  wall {wall:6.2f} s")
    DepthwiseConv3d.forward = own


if __name__ == "__main__":
    main()
