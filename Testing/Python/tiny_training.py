"""Trainings that are small enough for a test."""

import os
import signal
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.config_reading import read_config

TINY = {"widths": [4, 4, 4, 4, 4], "depths": [1, 1, 1, 1, 1], "drop_path": 0.3}


def configuration(manifest: Path, **run) -> TrainingConfig:
    """Return a configuration that trains a network of a few channels on a data set."""
    options = TINY | ({"drop_path": 0.0} if run.get("devices") or run.get("batch_size") else {})
    return read_config(
        "default",
        overrides={
            "data": {
                "manifest": str(manifest),
                "cache": str(manifest.parent / "cache"),
                "shape": [32, 32, 32],
                "spacing_mm": 3.0,
                "workers": 0,
            },
            "network": {"name": "cranext", "options": options},
            "optimization": {"warmup_steps": 2, "ema_decay": 0.5},
            "run": {"epochs": 2, "samples_per_epoch": 4, "accelerator": "cpu", "precision": "32", "threads": 1} | run,
        },
    )


def run(
    config: TrainingConfig,
    out: Path,
    *,
    resume: bool = False,
    killed_in_save: int = 0,
    rank: int | None = None,
    port: str = "",
) -> None:
    """Train in a process that a test has started for it.

    Args:
        config: The configuration.
        out: The run's folder.
        resume: Whether to continue a run.
        killed_in_save: The process kills itself when the first 1000 bytes of this checkpoint are written.
        rank: Number of the process, of two, which get the variables that torchrun gives.
        port: Port at which the two meet.
    """
    from CraNeXtLib.training.runs import checkpoints
    from CraNeXtLib.training.train import train

    if rank is not None:
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        os.environ |= {
            "GROUP_RANK": "0",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": port,
            "TORCHELASTIC_RUN_ID": "test",
        }
    saves = count(1)

    def fsync(file: int) -> None:
        if next(saves) == killed_in_save:
            os.truncate(file, 1000)
            os.kill(os.getpid(), signal.SIGKILL)

    if killed_in_save:
        checkpoints.os.fsync = fsync
    train(config, out, resume=resume)


CATEGORIZED_IN = (
    "completion.network_input",
    "training.samples.official_pairs",
    "training.samples.prepared_skull",
)
"""The modules of the library in which a network's input is categorized."""


def left_and_right(skull: Volume, **_options) -> SimpleNamespace:
    """Stand in for the categorization, which takes most of the time otherwise: two regions, left and right."""

    def label(points):
        return np.where(np.asarray(points)[:, 0] < 0, 2, 5)

    labels = np.zeros(skull.shape, np.uint8)
    labels[skull.voxels] = label(skull.to_ras(np.argwhere(skull.voxels)))
    return SimpleNamespace(pose=SimpleNamespace(label_points=label), labels=skull.with_voxels(labels))


def categorize_left_and_right(monkeypatch) -> None:
    """Let the library's networks see two regions, left and right."""
    for module in CATEGORIZED_IN:
        monkeypatch.setattr(f"CraNeXtLib.{module}.categorize", left_and_right)


def know_that_heads_are_upright(monkeypatch) -> None:
    """Take heads as upright, as the phantoms are, without the registration that would find it."""
    for module in ("training.samples.prepared_skull", "training.output.validation_scores"):
        monkeypatch.setattr(f"CraNeXtLib.{module}.upright_frame", skull_frame)
