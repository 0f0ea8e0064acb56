"""Progress and pictures of an active run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.progress import ProgressCallback, duration
from CraNeXtLib.training.module import CompletionModule
from CraNeXtLib.training.samples.numbered_samples import Batch


class ProgressReport(Callback):
    """Reports epoch, DSC and the remaining time.

    Args:
        progress: Called after every step with the stage and the fraction of the run.
    """

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress = progress
        self._start, self._first = 0.0, 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        """Start the clock."""
        self._start, self._first = time.monotonic(), trainer.global_step

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Report a step."""
        assert isinstance(pl_module, CompletionModule)
        done, total = trainer.global_step, pl_module.total_steps
        seconds = (time.monotonic() - self._start) / max(1, done - self._first) * (total - done)
        dsc = trainer.callback_metrics.get("implant-dsc")
        score = "" if dsc is None else f", implant DSC {float(dsc):.3f}"
        stage = f"Epoch {trainer.current_epoch + 1} of {trainer.max_epochs}{score}, {duration(seconds)} left"
        self._progress(stage, done / total)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Log the seconds of a step and the GPU's memory."""
        steps = max(1, trainer.global_step - self._first)
        pl_module.log("seconds-per-step", (time.monotonic() - self._start) / steps, rank_zero_only=True)
        if torch.cuda.is_available():
            pl_module.log("gpu-memory-gb", torch.cuda.max_memory_allocated() / 1e9, rank_zero_only=True)


class ValidationPictures(Callback):
    """Draws three slices through the first validation case: defective skull, truth and prediction.

    Args:
        folder: Folder of the pictures.
        every: Epochs between pictures.
    """

    def __init__(self, folder: Path, every: int) -> None:
        self._folder, self._every = folder, every

    def on_validation_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, _: Any, batch: Batch, batch_idx: int, *__: Any
    ) -> None:
        """Draw the first case of the first process in every so many epochs."""
        assert isinstance(pl_module, CompletionModule)
        due = trainer.current_epoch % self._every == 0 and not trainer.sanity_checking
        if batch_idx or not due or not trainer.is_global_zero:
            return
        predicted = torch.sigmoid(pl_module(batch["input"]).float())
        if pl_module.config.data.target == "complete":
            predicted = (predicted - batch["defective"]).clamp(min=0)
        volumes = batch["defective"], batch["complete"] - batch["defective"], predicted
        defective, implant, prediction = (volume[0, 0].float().cpu().numpy() for volume in volumes)
        path = self._folder / f"epoch_{trainer.current_epoch + 1:04d}.png"
        draw_slices(defective, implant, prediction, path)


def draw_slices(defective: np.ndarray, implant: np.ndarray, predicted: np.ndarray, path: Path) -> None:
    """Draw slices through the middle of the implant, the truth outlined and the prediction in color.

    Args:
        defective: Occupancy of the defective skull, shape (X, Y, Z).
        implant: Occupancy of the true implant.
        predicted: Predicted probability of the implant.
        path: The PNG file.
    """
    from matplotlib.figure import Figure

    middle = [int(m) for m in np.argwhere(implant >= 0.5).mean(axis=0)] if (implant >= 0.5).any() else None
    figure = Figure(figsize=(9, 3), layout="constrained")
    for axis, axes in enumerate(figure.subplots(1, 3)):
        index = middle[axis] if middle else implant.shape[axis] // 2
        bone, truth, guess = (np.take(volume, index, axis=axis).T for volume in (defective, implant, predicted))
        axes.imshow(bone, cmap="gray", origin="lower", vmin=0, vmax=1)
        axes.imshow(guess, cmap="autumn", origin="lower", vmin=0, vmax=1, alpha=np.clip(guess, 0, 1))
        if (truth >= 0.5).any():
            axes.contour(truth, levels=[0.5], colors="cyan", linewidths=0.8)
        axes.set_axis_off()
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=80)
