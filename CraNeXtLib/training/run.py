"""A training run from a configuration to a model folder, and what it would cost."""

from __future__ import annotations

import logging
import os
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch.utils.data import default_collate

from CraNeXtLib.atomic_files import replacing
from CraNeXtLib.devices import choose_device
from CraNeXtLib.errors import InputError
from CraNeXtLib.stages import ProgressCallback
from CraNeXtLib.training.callbacks import ProgressReport, ValidationPictures
from CraNeXtLib.training.config import TrainingConfig, print_config
from CraNeXtLib.training.data import CompletionData, TrainingSamples
from CraNeXtLib.training.model_folder import score_model, write_model_folder
from CraNeXtLib.training.module import CompletionModule

_TRIAL_STEPS = 3


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """What a run would cost, measured on a few steps.

    Args:
        fits: Whether a step fits into the memory of the device.
        device: Where it was measured.
        seconds_per_step: Of one process, samples included.
        steps_per_epoch: Steps of each process.
        hours: Of the whole run, without validation.
        peak_memory_gb: Of the device, or of the process on a CPU.
    """

    fits: bool
    device: str
    seconds_per_step: float
    steps_per_epoch: int
    hours: float
    peak_memory_gb: float


def train(
    config: TrainingConfig, out: str | Path, *, resume: bool = False, progress: ProgressCallback | None = None
) -> Path:
    """Run a configuration, and return the model folder that comes out.

    The folder of the run gets ``config.yaml``, ``checkpoints``, ``logs`` (CSV and TensorBoard), ``pictures`` and
    ``model``. A run that was killed goes on with ``resume`` from its last epoch, and gives what it would have given.

    Args:
        config: What to do.
        out: Folder of the run.
        resume: Go on with the run in that folder; if there is none, start.
        progress: Told stage and fraction.

    Raises:
        InputError: If the configuration, the data or the folder cannot be used.
    """
    progress = progress or (lambda _stage, _fraction: None)
    out = Path(out)
    last = out / "checkpoints" / "last.ckpt"
    _check_folder(out, config, resume=resume)
    _be_quiet()
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    progress("Preparing the cases", 0.0)
    data = CompletionData(config, Path(config.data.cache or out / "cache"))
    data.prepare_data()
    if _is_first():
        with replacing(out / "config.yaml") as temporary:
            temporary.write_text(print_config(config), encoding="utf-8")
    trainer = _trainer(config, out, progress)
    steps = -(-data.samples_per_epoch // (config.run.batch_size * trainer.world_size))
    module = CompletionModule(config, steps * config.run.epochs)
    try:
        trainer.fit(module, datamodule=data, ckpt_path=last if resume and last.is_file() else None, weights_only=True)
    except OSError as error:
        raise InputError(
            f"Cannot write to {out}: {error.strerror or error}; the last whole checkpoint is still there. Make room, "
            "then go on with --resume."
        ) from error
    except torch.cuda.OutOfMemoryError as error:
        raise InputError(
            "The GPU's memory is too small for this run; set run.gradient_checkpointing, a smaller run.batch_size or a "
            "smaller data.shape."
        ) from error
    if trainer.is_global_zero:
        _write_model(trainer, data, config, out, progress)
    trainer.strategy.barrier()
    return out / "model"


def dry_run(config: TrainingConfig, cache: str | Path) -> DryRun:
    """Make a few steps on the first training case, and say what the run would cost.

    Args:
        config: The run's configuration.
        cache: Folder for the prepared case.

    Raises:
        InputError: If the configuration or the data cannot be used.
    """
    from CraNeXtLib.cases import peak_memory_mb

    _be_quiet()
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    data = CompletionData(config, Path(config.data.cache or cache))
    cases = data.prepare_one()
    device = choose_device(config.run.accelerator)
    module = CompletionModule(config, 1000).to(device)
    optimizer = module.configure_optimizers()["optimizer"]
    samples = TrainingSamples(data.cases["training"], config)
    half = {"32": None, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}[config.run.precision]
    seconds, fits = [], True
    try:
        for step in range(_TRIAL_STEPS):
            start = time.perf_counter()
            first = step * config.run.batch_size
            batch = default_collate([samples[first + i] for i in range(config.run.batch_size)])
            with torch.autocast(device, half, enabled=half is not None):
                loss = module.loss({key: value.to(device) for key, value in batch.items()})
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            if device == "cuda":
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
    except torch.cuda.OutOfMemoryError:
        fits = False
    run = config.run
    steps = -(-(run.samples_per_epoch or cases) // (run.batch_size * run.devices * run.nodes))
    per_step = min(seconds[1:], default=float("nan"))
    peak = torch.cuda.max_memory_allocated() / 1e6 if device == "cuda" else peak_memory_mb() or float("nan")
    return DryRun(
        fits=fits,
        device=device,
        seconds_per_step=round(per_step, 3),
        steps_per_epoch=steps,
        hours=round(per_step * steps * run.epochs / 3600, 2),
        peak_memory_gb=round(peak / 1e3, 2),
    )


def _check_folder(out: Path, config: TrainingConfig, *, resume: bool) -> None:
    """Refuse a folder that holds another run."""
    file = out / "config.yaml"
    if not _is_first() or not file.is_file():
        return
    if not resume:
        raise InputError(f"{out} holds a run already; go on with it by --resume, or choose another folder.")
    if file.read_text(encoding="utf-8") != print_config(config):
        raise InputError(f"The run in {out} has another configuration; resume it with {file}.")


def _is_first() -> bool:
    """Tell whether this is the first process of the run, or the only one."""
    return not int(os.environ.get("RANK", os.environ.get("LOCAL_RANK", 0)))


def _trainer(config: TrainingConfig, out: Path, progress: ProgressCallback) -> Trainer:
    run, decay = config.run, config.optimization.ema_decay
    folder = out / "checkpoints"
    best = ModelCheckpoint(folder, filename="best", monitor=run.select_by, mode="max", enable_version_counter=False)
    last = ModelCheckpoint(folder, filename="last", enable_version_counter=False)
    callbacks: list[Any] = [best, last, ProgressReport(progress)]
    if decay:
        callbacks.append(EMAWeightAveraging(decay=decay))
    if run.picture_every:
        callbacks.append(ValidationPictures(out / "pictures", run.picture_every))
    processes = run.devices * run.nodes
    return Trainer(
        max_epochs=run.epochs,
        accelerator={"auto": "auto", "cpu": "cpu", "cuda": "gpu"}[run.accelerator],
        devices=run.devices,
        num_nodes=run.nodes,
        strategy="ddp" if processes > 1 else "auto",
        precision=run.precision,
        logger=[
            CSVLogger(out, "logs"),
            TensorBoardLogger(out, "logs", "tensorboard"),
        ],  # the first starts anew on resume
        callbacks=callbacks,
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,  # samples are numbered, see data.NumberedSamples
        gradient_clip_val=None,  # the module clips
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _write_model(
    trainer: Trainer, data: CompletionData, config: TrainingConfig, out: Path, progress: ProgressCallback
) -> None:
    """Make the model folder from the best checkpoint, and score it on the validation cases."""
    best = trainer.checkpoint_callback  # the first one
    content = torch.load(best.best_model_path, map_location="cpu", weights_only=True)
    weights = {k.removeprefix("network."): v for k, v in content["state_dict"].items() if k.startswith("network.")}
    skulls = {case.skull for case in data.listed if case.split == "training"}
    write_model_folder(
        out / "model",
        weights,
        config,
        data=f"{len(skulls)} skulls of {', '.join(sorted({source or 'unnamed source' for source, _ in skulls}))}; "
        f"SHA-256 of the files' hashes {data.sha256}.",
        recipe=f"Epoch {content['epoch'] + 1} of {config.run.epochs}, step {content['global_step']}, "
        f"with a mean {_score_name(config)} of {float(best.best_model_score):.4f} on the grid.",
    )
    score_model(out / "model", [case for case in data.listed if case.split == "validation"], progress)
    progress("Done", 1.0)


def _score_name(config: TrainingConfig) -> str:
    """Return the name of the score that the best epoch is chosen by, in words."""
    return {"implant-dsc": "DSC of the implant", "complete-dsc": "DSC of the complete skull"}[config.run.select_by]


def _be_quiet() -> None:
    """Keep Lightning's advice out of the user's terminal."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")
