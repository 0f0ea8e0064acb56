"""A batch on a cluster: Lightning's predict under torchrun, each process with its own GPU and share of the cases."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

from CraNeXtLib.cases.batch.listing import BatchCase
from CraNeXtLib.cases.batch.record import asked_of, case_folder, write_summary
from CraNeXtLib.cases.batch.run import record_outcome, unfinished
from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.cases.reconstruction_case import reconstruct_case
from CraNeXtLib.core.errors import CancelledError, CraNeXtError, InputError
from CraNeXtLib.core.files.filling import reserved
from CraNeXtLib.core.progress import ProgressCallback


def is_distributed() -> bool:
    """Return whether torchrun or a scheduler started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def predict_batch(
    cases: Sequence[BatchCase],
    out: str | Path,
    settings: CaseSettings,
    *,
    resume: bool = True,
    progress: ProgressCallback | None = None,
) -> list[dict[str, Any]]:
    """Reconstruct this process's share of the cases; the first process writes the table of all when all are done.

    Arguments, result and errors are those of :func:`CraNeXtLib.cases.batch.run.run_batch`; all processes must be able
    to see the folder. Only the first process's rows are complete.

    Raises:
        InputError: As there, and if Lightning is not installed.
    """
    first = int(os.environ.get("RANK", "0")) == 0
    with reserved(out) if first else nullcontext():
        return _predict(cases, out, settings, resume, progress)


def _predict(
    cases: Sequence[BatchCase],
    out: str | Path,
    settings: CaseSettings,
    resume: bool,
    progress: ProgressCallback | None,
) -> list[dict[str, Any]]:
    try:
        from lightning import LightningModule, Trainer
        from torch.utils.data import DataLoader, Dataset
    except ImportError as error:
        raise InputError(
            "A batch under torchrun needs Lightning; install it with: pip install 'cranext[train]'"
        ) from error

    waiting = unfinished(cases, out, settings, resume=resume)

    class CasePredictor(LightningModule):
        def predict_step(self, batch: int, batch_idx: int) -> None:  # noqa: ARG002 (Lightning names and passes both)
            _reconstruct(waiting[batch], out, settings, progress)

    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")  # about workers that play no part here
    trainer = Trainer(
        accelerator={"cuda": "gpu"}.get(settings.device, settings.device),
        devices=int(os.environ.get("LOCAL_WORLD_SIZE", "1")),
        num_nodes=int(os.environ.get("GROUP_WORLD_SIZE", "1")),
        strategy="ddp",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    if waiting:
        numbers = cast("Dataset[int]", range(len(waiting)))  # PyTorch's types do not know that any sequence will do
        loader = DataLoader(numbers, batch_size=None)
        trainer.predict(CasePredictor(), loader, return_predictions=False)
        trainer.strategy.barrier()
    return write_summary(out, cases) if trainer.is_global_zero else []


def _reconstruct(case: BatchCase, out: str | Path, settings: CaseSettings, progress: ProgressCallback | None) -> None:
    def tell(stage: str, fraction: float) -> None:
        if progress:
            progress(f"{case.case}: {stage}", fraction)

    error: Exception | None = None
    asked = asked_of(case, settings)
    try:
        reconstruct_case(case.skull, case_folder(out, case), case.settings(settings), tell)
    except CancelledError:
        raise
    except (CraNeXtError, MemoryError, RuntimeError) as caught:
        error = caught
    record_outcome(out, case, asked, error)
