"""Trainings that are small enough for a test."""

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
