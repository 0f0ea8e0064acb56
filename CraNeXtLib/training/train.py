"""A training run from a configuration to a model folder."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from lightning.pytorch.utilities.exceptions import MisconfigurationException

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.config_reading import print_config
from CraNeXtLib.training.data import CompletionData
from CraNeXtLib.training.module import CompletionModule
from CraNeXtLib.training.output.model_folder import write_model_folder, write_with_face
from CraNeXtLib.training.output.validation_scores import score_into
from CraNeXtLib.training.runs.callbacks import ProgressReport, ValidationPictures
from CraNeXtLib.training.runs.checkpoints import WholeCheckpoints, epoch_of
from CraNeXtLib.training.runs.run_folder import is_first_process

GPU_TOO_SMALL = (
    "The GPU's memory is too small for this run; set run.gradient_checkpointing, a smaller run.batch_size or a smaller "
    "data.shape."
)


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
    if progress is None or not is_first_process():
        progress = _tell_nobody
    out = Path(out)
    last = out / "checkpoints" / "last.ckpt"
    _check_folder(out, config, resume=resume)
    start = last if resume and last.is_file() else None
    progress(f"Going on after epoch {epoch_of(start)}" if start else "Starting", 0.0)
    be_quiet()
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    try:
        trainer = _trainer(config, out, progress)
    except (MisconfigurationException, ValueError) as error:
        message = f"run.accelerator, run.devices, run.nodes or run.precision does not fit this computer: {error}"
        raise InputError(message) from error
    module = CompletionModule(config)
    # Before and after the steps, whose share of the whole is told, the fraction stands still instead of going back.
    cache = Path(config.data.cache or out / "cache")
    data = CompletionData(config, cache, progress=lambda stage, _part: progress(stage, 0.0))
    data.prepare_data()
    if is_first_process():
        with replacing(out / "config.yaml") as temporary:
            temporary.write_text(print_config(config), encoding="utf-8")
    steps = -(-data.samples_per_epoch // (config.run.batch_size * trainer.world_size))
    module.total_steps = steps * config.run.epochs
    try:
        trainer.fit(module, datamodule=data, ckpt_path=start, weights_only=True)
    except (OSError, InputError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        raise InputError(
            f"The run in {out} stopped: {cause.strerror or cause}; the last whole checkpoint is still there. If the "
            "disk is full, make room, then go on with it (--resume)."
        ) from error
    except torch.cuda.OutOfMemoryError as error:
        raise InputError(GPU_TOO_SMALL) from error
    if trainer.is_global_zero:
        _write_model(trainer, data, config, out, progress)
    trainer.strategy.barrier()
    return out / "model"


def _check_folder(out: Path, config: TrainingConfig, *, resume: bool) -> None:
    """Refuse a folder that holds another run."""
    file = out / "config.yaml"
    if not is_first_process() or not file.is_file():
        return
    if not resume:
        raise InputError(f"{out} holds a run already; go on with it (--resume), or choose another folder (--out).")
    if file.read_text(encoding="utf-8") != print_config(config):
        raise InputError(f"The run in {out} has another configuration; resume it with {file}.")


def _tell_nobody(stage: str, fraction: float) -> None:
    """Take progress that nobody wants, or that another process tells already."""


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
        plugins=[WholeCheckpoints()],
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
    skulls = {case.skull for case in data.used("training")}
    words = {
        "data": f"{len(skulls)} skulls of {', '.join(sorted({source or 'unnamed source' for source, _ in skulls}))}; "
        f"SHA-256 of the files' hashes {data.sha256}.",
        "recipe": f"Epoch {content['epoch'] + 1} of {config.run.epochs}, step {content['global_step']}, "
        f"with a mean {_score_name(config)} of {float(best.best_model_score):.4f} on the grid.",
    }
    if config.data.input == "face":
        write_with_face(out / "model", weights, config, **words)
    else:
        mean = data.training_samples().mean_skull() if config.data.input == "proposal" else None
        write_model_folder(out / "model", weights, config, **words, mean_skull=mean)
    score_into(out / "model", data.used("validation"), progress=lambda stage, _part: progress(stage, 1.0))
    progress("Done", 1.0)


def _score_name(config: TrainingConfig) -> str:
    """Return the name of the score that the best epoch is chosen by, in words."""
    return {"implant-dsc": "DSC of the implant", "complete-dsc": "DSC of the complete skull"}[config.run.select_by]


def be_quiet() -> None:
    """Keep the libraries' advice out of the user's terminal."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for module in ("lightning", "torchmetrics"):
        warnings.filterwarnings("ignore", module=module)
