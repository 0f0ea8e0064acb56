"""What a training run would cost, measured on a few of its steps."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch.utils.data import default_collate

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.devices import choose_device
from CraNeXtLib.core.runtime.memory import peak_memory_mb
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.data import CompletionData
from CraNeXtLib.training.memory_estimate import gpu_memory_gb
from CraNeXtLib.training.module import CompletionModule
from CraNeXtLib.training.train import GPU_TOO_SMALL, be_quiet

_TRIAL_CASES = 3
_TRIAL_STEPS = 4  # the first of which does not count: it is slower

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What a run would cost. A step that does not fit into a GPU's memory is an error instead.

    Args:
        device: Where it was measured.
        peak_memory_gb: Most memory in use: of the GPU, what PyTorch reserves included, or of the process on a CPU, the
            preparation of cases included.
        memory_gb: Memory of the device; not a number where the system does not tell.
        gpu_memory_gb: Measured on a CPU: what the tensors would take on a GPU, worked out; else not a number.
        seconds_per_sample: To make one sample in one process.
        seconds_per_step: Of one process, with the samples made as the configuration says.
        steps_per_epoch: Steps of each process.
        seconds_per_epoch: Its steps and its validation.
        hours: Of the whole run, without preparing the cases and scoring the model.
    """

    device: str
    peak_memory_gb: float
    memory_gb: float
    gpu_memory_gb: float
    seconds_per_sample: float
    seconds_per_step: float
    steps_per_epoch: int
    seconds_per_epoch: float
    hours: float


def dry_run(config: TrainingConfig, cache: str | Path, progress: ProgressCallback | None = None) -> DryRun:
    """Make a few steps on the first training cases, and say what the run would cost.

    Args:
        config: The run's configuration.
        cache: Folder for the prepared cases.
        progress: Told stage and fraction.

    Raises:
        InputError: If the configuration or the data cannot be used, or the GPU's memory is too small.
    """
    be_quiet()
    progress = progress or (lambda _stage, _fraction: None)
    run, workers = config.run, config.data.workers
    if run.threads:
        torch.set_num_threads(run.threads)
    data = CompletionData(config, Path(config.data.cache or cache), progress=progress)
    cases, validations = data.prepare_some(_TRIAL_CASES)
    device = choose_device(run.accelerator)
    progress("Making a few steps", 0.5)
    try:
        sampling, computing, validating = _time_steps(config, data, device)
    except torch.cuda.OutOfMemoryError as error:
        raise InputError(GPU_TOO_SMALL) from error
    processes = run.devices * run.nodes
    steps = -(-(run.samples_per_epoch or cases) // (run.batch_size * processes))
    making = sampling * run.batch_size
    per_step = max(computing, making / workers) if workers else computing + making
    epoch = steps * per_step + -(-validations // processes) * validating
    peak, memory = _memory(device)
    return DryRun(
        device=device,
        peak_memory_gb=round(peak, 2),
        memory_gb=round(memory, 1),
        gpu_memory_gb=float("nan") if device == "cuda" else round(gpu_memory_gb(config), 1),
        seconds_per_sample=round(sampling, 3),
        seconds_per_step=round(per_step, 3),
        steps_per_epoch=steps,
        seconds_per_epoch=round(epoch, 1),
        hours=round(epoch * run.epochs / 3600, 4),
    )


def _time_steps(config: TrainingConfig, data: CompletionData, device: str) -> tuple[float, float, float]:
    """Return the seconds to make a sample, to make a step with samples at hand, and to validate a case."""
    batch = config.run.batch_size
    half = {"32": None, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}[config.run.precision]
    module = CompletionModule(config, 1000).to(device)
    optimizer = module.configure_optimizers()["optimizer"]
    mean = [weight.clone() for weight in module.network.parameters()] if config.optimization.ema_decay else []
    samples = data.training_samples()
    validation = data.validation_samples("training")

    def step(made: dict[str, torch.Tensor]) -> None:
        with torch.autocast(device, half, enabled=half is not None):
            loss = module.loss({key: value.to(device) for key, value in made.items()})
        loss.backward()
        module.configure_gradient_clipping(optimizer)
        optimizer.step()
        optimizer.zero_grad()

    def validate(number: int) -> None:
        made = default_collate([validation[number]])
        with torch.inference_mode(), torch.autocast(device, half, enabled=half is not None):
            module.validation_step({key: value.to(device) for key, value in made.items()}, number)

    def timed(work: Callable[[], Result]) -> tuple[Result, float]:
        start = time.perf_counter()
        result = work()
        if device == "cuda":
            torch.cuda.synchronize()
        return result, time.perf_counter() - start

    sampling, computing = [], []
    for number in range(_TRIAL_STEPS):
        made, seconds = timed(lambda n=number: default_collate([samples[n * batch + i] for i in range(batch)]))
        sampling.append(seconds / batch)
        computing.append(timed(lambda made=made: step(made))[1])
    module.eval()
    validating = [timed(lambda n=number: validate(n))[1] for number in range(2)]
    del mean  # held till here, as a run holds it
    return statistics.mean(sampling[1:]), statistics.mean(computing[1:]), validating[1]


def _memory(device: str) -> tuple[float, float]:
    """Return the most memory in use and the memory that there is, in GB."""
    if device == "cuda":
        return torch.cuda.max_memory_reserved() / 1e9, torch.cuda.get_device_properties(0).total_memory / 1e9
    peak = (peak_memory_mb() or float("nan")) / 1e3
    try:
        return peak, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows
        return peak, float("nan")
