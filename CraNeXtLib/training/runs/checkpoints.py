"""Checkpoints that survive a killed process and a full disk, because they are written completely or not at all."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins import TorchCheckpointIO

from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.runtime.library_errors import as_input_error


class AtomicCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside the one that it replaces, then renames it.

    Lightning itself writes to the system's temporary folder first. On a cluster that is usually another disk than the
    run's folder, and then the last step copies over the old checkpoint: a kill or a full disk during the copy would
    leave neither of them.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Raises:
            InputError: If it cannot be written; the previous checkpoint is kept.
        """
        if storage_options is not None:
            raise TypeError("Checkpoints are local files and take no storage options.")
        buffer = io.BytesIO()  # torch.save to a full disk would raise a RuntimeError without a reason
        torch.save(checkpoint, buffer)
        with replacing(path) as temporary, temporary.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())  # otherwise a crash of the machine could leave the new name without its content


def epoch_of(checkpoint: Path) -> int:
    """Return the number of epochs that a checkpoint has completed.

    Raises:
        InputError: If the file is damaged.
    """
    advice = "start again in another folder, or copy best.ckpt over it"
    with as_input_error(lambda _error: f"The checkpoint {checkpoint} is damaged; {advice}."):
        return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["epoch"]) + 1
