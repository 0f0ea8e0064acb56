"""A training run, from a configuration to a model folder."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from torch.distributed import is_torchelastic_launched

from CraNeXtLib import networks
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_text, write_text
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.runtime.memory import keep_freed_memory
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.config_yaml import config_as_yaml
from CraNeXtLib.training.data import CompletionData
from CraNeXtLib.training.module import CompletionModule
from CraNeXtLib.training.output.validation_scores import score_into
from CraNeXtLib.training.runs.callbacks import ProgressReport, ValidationPictures
from CraNeXtLib.training.runs.checkpoints import AtomicCheckpoints, epoch_of
from CraNeXtLib.training.runs.run_folder import is_first_process

GPU_TOO_SMALL = (
    "The GPU's memory is too small for this run; set run.gradient_checkpointing, a smaller run.batch_size or a smaller "
    "data.shape."
)


def train(
    config: TrainingConfig, out: str | Path, *, resume: bool = False, progress: ProgressCallback | None = None
) -> Path:
    """Run a configuration, and return the resulting model folder.

    The folder of the run gets ``config.yaml``, ``checkpoints``, ``logs`` (CSV and TensorBoard), ``pictures`` and
    ``model``. A run that was killed continues with ``resume`` after its last epoch; its result is that of an
    uninterrupted run.

    Args:
        config: All settings.
        out: Folder of the run.
        resume: Continue the run in that folder, or start one if there is none.
        progress: Called with the stage and the fraction of the whole; may raise to stop.

    Raises:
        InputError: If the configuration, the data or the folder cannot be used.
    """
    report = progress if progress and is_first_process() else _ignore_progress
    out = Path(out)
    last = out / "checkpoints" / "last.ckpt"
    _check_processes(config)
    _check_folder(out, config, resume=resume)
    start = last if resume and last.is_file() else None
    report(f"Continuing after epoch {epoch_of(start)}" if start else "Starting", 0.0)
    silence_libraries()
    keep_freed_memory()
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    try:
        trainer = _trainer(config, out, report)
    except (MisconfigurationException, ValueError) as error:
        message = f"run.accelerator, run.devices, run.nodes or run.precision does not fit this computer: {error}"
        raise InputError(message) from error
    module = CompletionModule(config)
    # The fraction is that of the steps. Before and after them it stands still, since it must not go back.
    cache = Path(config.data.cache or out / "cache")
    data = CompletionData(config, cache, progress=lambda stage, _part: report(stage, 0.0))
    data.prepare_data()
    if is_first_process():
        write_text(out / "config.yaml", config_as_yaml(config))
    steps = -(-data.samples_per_epoch // (config.run.batch_size * trainer.world_size))
    module.total_steps = steps * config.run.epochs
    try:
        trainer.fit(module, datamodule=data, ckpt_path=start, weights_only=True)
    except (OSError, InputError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        raise InputError(
            f"The run in {out} stopped: {cause.strerror or cause}; the last complete checkpoint is still there. If the "
            "disk is full, free some space, then continue the run (--resume)."
        ) from error
    except torch.cuda.OutOfMemoryError as error:
        raise InputError(GPU_TOO_SMALL) from error
    if trainer.is_global_zero:
        _write_model(trainer, data, out, report)
    trainer.strategy.barrier()
    return out / "model"


def _check_processes(config: TrainingConfig) -> None:
    """Raise InputError if torchrun started another number of processes than the run expects; each would train alone."""
    expected = config.run.devices * config.run.nodes
    if is_torchelastic_launched() and int(os.environ["WORLD_SIZE"]) != expected:
        raise InputError(
            f"torchrun started {os.environ['WORLD_SIZE']} processes, but run.devices times run.nodes is {expected}; "
            "set run.devices to the processes on each machine, and run.nodes to the number of machines."
        )


def _check_folder(out: Path, config: TrainingConfig, *, resume: bool) -> None:
    """Raise InputError if the folder holds another run."""
    file = out / "config.yaml"
    if not is_first_process() or not file.is_file():
        return
    if not resume:
        raise InputError(f"{out} already holds a run; continue it (--resume), or choose another folder (--out).")
    if read_text(file) != config_as_yaml(config):
        raise InputError(f"The run in {out} has another configuration; resume it with {file}.")


def _ignore_progress(stage: str, fraction: float) -> None:
    """Do nothing, where nobody wants progress or another process reports it."""


def _trainer(config: TrainingConfig, out: Path, progress: ProgressCallback) -> Trainer:
    run, decay = config.run, config.optimization.ema_decay
    folder = out / "checkpoints"
    best = ModelCheckpoint(folder, filename="best", monitor=run.select_by, mode="max", enable_version_counter=False)
    last = ModelCheckpoint(folder, filename="last", enable_version_counter=False)
    callbacks: list[Callback] = [best, last, ProgressReport(progress)]
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
        # On resume the CSV logger starts a new version, while the curves read all of them.
        logger=[CSVLogger(out, "logs"), TensorBoardLogger(out, "logs", "tensorboard")],
        callbacks=callbacks,
        plugins=[AtomicCheckpoints()],
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,  # NumberedSampler divides the samples among the processes
        gradient_clip_val=None,  # the module clips
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _write_model(trainer: Trainer, data: CompletionData, out: Path, progress: ProgressCallback) -> None:
    """Write the model folder from the best checkpoint, and score it on the validation cases."""
    config, best = data.config, trainer.checkpoint_callback  # the first of the callbacks
    assert isinstance(best, ModelCheckpoint)
    assert best.best_model_score is not None
    content = torch.load(best.best_model_path, map_location="cpu", weights_only=True)
    state = content["state_dict"]
    weights = {name: state[f"network.{name}"] for name in networks.names_within(state, "network.")}
    skulls = {case.skull for case in data.used("training")}
    sources = ", ".join(sorted({source or "unnamed source" for source, _ in skulls}))
    score = {"implant-dsc": "DSC of the implant", "complete-dsc": "DSC of the complete skull"}[config.run.select_by]
    data.kind.write_model(
        out / "model",
        weights,
        data.cases["training"],
        data=f"{len(skulls)} skulls of {sources}; SHA-256 of the files' hashes {data.sha256}.",
        recipe=f"Epoch {content['epoch'] + 1} of {config.run.epochs}, step {content['global_step']}, "
        f"with a mean {score} of {float(best.best_model_score):.4f} on the grid.",
    )
    score_into(out / "model", data.used("validation"), progress=lambda stage, _part: progress(stage, 1.0))
    progress("Done", 1.0)


def silence_libraries() -> None:
    """Keep the libraries' advice out of the user's terminal."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for module in ("lightning", "torchmetrics"):
        warnings.filterwarnings("ignore", module=module)
