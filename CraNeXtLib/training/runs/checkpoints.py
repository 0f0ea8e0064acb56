"""Checkpoints that are written whole or not at all, whatever becomes of the process and the disk."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins import TorchCheckpointIO

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside the one that it replaces, then renames it.

    Lightning's own way leads through the system's temporary folder. That is another disk than a cluster's run folder
    more often than not, and then the last step is a copy over the old checkpoint: a kill or a full disk in the middle
    of it would leave neither.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Write a checkpoint.

        Raises:
            InputError: If the disk refuses it; the one before is still there.
        """
        if storage_options is not None:
            raise TypeError("Checkpoints are local files and take no storage options.")
        buffer = io.BytesIO()  # torch.save to a full disk raises a RuntimeError that says nothing
        torch.save(checkpoint, buffer)
        with replacing(path) as temporary, temporary.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())  # else a crash of the machine could keep the new name without its content


def epoch_of(checkpoint: Path) -> int:
    """Return how many epochs a checkpoint has behind it.

    Raises:
        InputError: If the file is damaged.
    """
    try:
        return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["epoch"]) + 1
    except Exception as error:  # torch, zipfile and pickle each raise their own
        raise InputError(
            f"The checkpoint {checkpoint} is damaged; start anew in another folder, or copy best.ckpt over it."
        ) from error
