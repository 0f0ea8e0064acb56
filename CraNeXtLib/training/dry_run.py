"""The cost of a training run, measured on a few of its steps."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
from CraNeXtLib.training.samples.numbered_samples import Batch
from CraNeXtLib.training.train import GPU_TOO_SMALL, silence_libraries

_TRIAL_CASES = 3
_TRIAL_STEPS = 4
"""The first step does not count, because it is slower."""

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The cost of a run. A step that does not fit into a GPU's memory raises an error instead.

    Args:
        device: Device of the measurement.
        peak_memory_gb: Peak memory: on a GPU including what PyTorch reserves; on a CPU that of the process, including
            the preparation of cases.
        memory_gb: Memory of the device; NaN if the system does not report it.
        gpu_memory_gb: If measured on a CPU, an estimate of the tensors' memory on a GPU; otherwise NaN.
        seconds_per_sample: Time to make one sample in one process.
        seconds_per_step: Time of a step, with samples made by as many processes as configured.
        steps_per_epoch: Steps of each process.
        seconds_per_epoch: Time of an epoch's steps and its validation.
        hours: Time of the whole run, without preparing the cases and scoring the model.
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
    """Make a few steps on the first training cases, and return what the run would cost.

    Args:
        config: The run's configuration.
        cache: Folder for the prepared cases, unless the configuration names one.
        progress: Called with the stage and the fraction done; may raise to stop.

    Raises:
        InputError: If the configuration or the data cannot be used, or the GPU's memory is too small.
    """
    silence_libraries()
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
    """Return the seconds that a sample takes, a step whose samples are ready, and the validation of a case."""
    batch = config.run.batch_size
    half = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(config.run.precision)
    module = CompletionModule(config, 1000).to(device)
    optimizer = module.configure_optimizers()["optimizer"]
    mean = [weight.clone() for weight in module.network.parameters()] if config.optimization.ema_decay else []
    samples = data.training_samples()
    validation = data.validation_samples("training")

    def step(made: Batch) -> None:
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

    def make(number: int) -> Batch:
        made: Batch = default_collate([samples[number * batch + i] for i in range(batch)])
        return made

    sampling, computing = [], []
    for number in range(_TRIAL_STEPS):
        made, seconds = timed(partial(make, number))
        sampling.append(seconds / batch)
        computing.append(timed(partial(step, made))[1])
    module.eval()
    validating = [timed(partial(validate, number))[1] for number in range(2)]
    del mean  # kept until here, as in a run
    return statistics.mean(sampling[1:]), statistics.mean(computing[1:]), validating[1]


def _memory(device: str) -> tuple[float, float]:
    """Return the peak memory and the memory of the device, in GB."""
    if device == "cuda":
        return torch.cuda.max_memory_reserved() / 1e9, torch.cuda.get_device_properties(0).total_memory / 1e9
    peak = (peak_memory_mb() or float("nan")) / 1e3
    try:
        return peak, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows
        return peak, float("nan")
