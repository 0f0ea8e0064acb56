"""Time of the training loop and of the plain network: python Testing/benchmarks/training_step.py SKULL [--size X Y Z].

Every variant runs whole steps of batch size 1 on samples of a real, complete skull, in a process of its own, on a GPU
if there is one or else on the CPU. ``plain`` is the straightforward network (``plain_cranext.py``) with Adam on a
prepared sample; the others are the library's loop, which makes its sample in every step: single precision, the same
with gradient checkpointing, and bfloat16. First, both networks get the same weights, and must give the same output and
gradients, up to the rounding that the plain network in double precision shows.

Prints the seconds of a step, wall and processor (all threads together), as the best of a few steps, and the maximum
memory beyond what the process held before its first step; on a GPU, the maximum memory of tensors and the maximum
that PyTorch reserved. On a busy machine, wall times are meaningless, while processor times change little.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch
from plain_cranext import PlainCraNeXt
from torch import Tensor, nn

from CraNeXtLib import networks
from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.core.runtime.memory import keep_freed_memory
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.module import CompletionModule
from CraNeXtLib.training.samples.prepared_skull import prepare_skull
from CraNeXtLib.training.samples.skull_samples import draw_sample

WAYS: dict[str, dict[str, object]] = {
    "plain": {},
    "loop": {"precision": "32", "gradient_checkpointing": False},
    "loop, checkpointing": {"precision": "32", "gradient_checkpointing": True},
    "loop, bfloat16": {"precision": "bf16-mixed", "gradient_checkpointing": False},
    "loop, bfloat16, checkpointing": {"precision": "bf16-mixed", "gradient_checkpointing": True},
}


def sampler(skull: str, config: TrainingConfig) -> Callable[[int], dict[str, Tensor]]:
    """Return a function that makes a batch of one sample from its number."""
    pair = load_case(DatasetCase(subject="skull", complete=Path(skull)))
    prepared = prepare_skull(pair, spacing_mm=config.data.spacing_mm, vault_only=config.data.grid == "vault")
    frame = skull_frame(prepared.complete, prepared.rotation)

    def sample(number: int) -> dict[str, Tensor]:
        rng = np.random.default_rng(number)
        made = draw_sample(prepared, frame, config.augmentation, rng, grid=config.data.grid, shape=config.data.shape)
        return {key: value[None] for key, value in made.items()}

    return sample


def plain_step(sample: dict[str, Tensor], device: str) -> Callable[[int], None]:
    """Return a step of the plain network: Dice of the complete skull, Adam."""
    from monai.losses import DiceLoss

    network = PlainCraNeXt().to(device)
    optimizer, loss = torch.optim.Adam(network.parameters(), lr=1e-4), DiceLoss()
    image, label = (sample[key].to(device) for key in ("defective", "complete"))

    def step(_number: int) -> None:
        optimizer.zero_grad()
        loss(network(image), label).backward()
        optimizer.step()

    return step


def loop_step(sample: Callable[[int], dict[str, Tensor]], config: TrainingConfig, device: str) -> Callable[[int], None]:
    """Return a step of the library's training loop, including making its sample."""
    keep_freed_memory()
    module = CompletionModule(config, 1000).to(device)
    optimizer = module.configure_optimizers()["optimizer"]
    half = config.run.precision == "bf16-mixed"

    def step(number: int) -> None:
        batch = {key: value.to(device) for key, value in sample(number).items()}
        with torch.autocast(device, torch.bfloat16, enabled=half):
            loss = module.loss(batch)
        loss.backward()
        module.configure_gradient_clipping(optimizer)
        optimizer.step()
        optimizer.zero_grad()

    return step


def measure(step: Callable[[int], None], steps: int, device: str) -> dict[str, Any]:
    """Return seconds of the best step after the first, and the memory that the steps took."""
    before = resident_gb()
    clock, processor = [], []
    with MemoryWatch() as peak:
        for number in range(steps + 1):
            start = time.perf_counter(), time.process_time()
            step(number)
            if device == "cuda":
                torch.cuda.synchronize()
            clock.append(time.perf_counter() - start[0])
            processor.append(time.process_time() - start[1])
    memory = [peak() - before]
    if device == "cuda":
        memory = [torch.cuda.max_memory_allocated() / 1e9, torch.cuda.max_memory_reserved() / 1e9]
    return {"clock": min(clock[1:]), "processor": min(processor[1:]), "gb": memory}


def resident_gb() -> float:
    """Return the memory that this process holds (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e9


class MemoryWatch:
    """Samples the memory of the process every few milliseconds, and keeps the maximum."""

    def __enter__(self) -> Callable[[], float]:
        self._most, self._ended = resident_gb(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return lambda: self._most

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self._most = max(self._most, resident_gb())


def check_same(size: tuple[int, ...]) -> None:
    """Print how far both networks' outputs and gradients are off those in double precision, with the same weights."""
    torch.manual_seed(0)
    own = networks.build("cranext", drop_path=0.0).train()
    with torch.no_grad():
        for value in own.parameters():
            value.add_(0.02 * torch.randn_like(value))  # or response normalization would have no effect
    x, upstream = (torch.rand(1, 1, *size) > 0.8).float(), torch.randn(1, 1, *size)
    plain, exact = PlainCraNeXt(), PlainCraNeXt()
    for network in (plain, exact):
        network.load_state_dict(own.state_dict())
    wanted = output_and_gradients(exact.double(), x, upstream)
    for name, network in (("plain network", plain), ("library's network", nn.Sequential(own, nn.Sigmoid()))):
        output, gradients = output_and_gradients(network, x, upstream)
        off = (float((got - want).norm() / want.norm()) for got, want in ((output, wanted[0]), (gradients, wanted[1])))
        print("{:18} off double precision: probabilities {:.1e}, gradients {:.1e}".format(name, *off), flush=True)


def output_and_gradients(network: nn.Module, x: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor]:
    """Return a network's output and the gradients of all weights in a row, in double precision."""
    dtype = next(network.parameters()).dtype
    output = network(x.to(dtype))
    output.backward(upstream.to(dtype))
    gradients = (value.grad.flatten() for _, value in sorted(network.named_parameters(), key=lambda pair: pair[0]))
    return output.detach().double(), torch.cat(list(gradients)).double()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("skull", help="file of a complete skull")
    parser.add_argument("--size", nargs=3, type=int, default=[44, 56, 36], metavar=("X", "Y", "Z"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--only", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if options.only:
        data = {"grid": "default", "shape": options.size, "spacing_mm": 1.0}
        run = {"select_by": "complete-dsc"} | WAYS[options.only]
        config = read_config(
            "default", overrides={"data": data, "network": {"options": {"grn": "official"}}, "run": run}
        )
        sample = sampler(options.skull, config)
        plain = options.only == "plain"
        step = plain_step(sample(0), device) if plain else loop_step(sample, config, device)
        print(json.dumps(measure(step, options.steps, device)))
        return
    print(f"{'×'.join(map(str, options.size))} voxels, batch 1, {device}, {options.threads} threads")
    check_same((44, 56, 36))
    first = None
    for way in options.ways:
        made = subprocess.run([sys.executable, *sys.argv, "--only", way], stdout=subprocess.PIPE, text=True, check=True)
        result = json.loads(made.stdout.splitlines()[-1])
        first = first or result
        faster = ", ".join(f"{first[kind] / result[kind]:.1f} × {kind}" for kind in ("clock", "processor"))
        times = f"{result['clock']:7.2f} s  processor {result['processor']:7.2f} s"
        memory = " of ".join(f"{gb:.2f}" for gb in result["gb"])
        print(f"{way:30} {times}  {memory:>5} GB  {faster}", flush=True)


if __name__ == "__main__":
    main()
