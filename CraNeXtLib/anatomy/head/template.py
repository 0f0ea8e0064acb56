"""The bundled template skull with its regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.regions import REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import TEMPLATE
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


def load_template(path: str | Path = TEMPLATE) -> Volume:
    """Read a template: an upright skull with labels 1-8 on bone and 0 elsewhere, its mid-sagittal plane at R = 0.

    Raises:
        InputError: If the file cannot be read or contains other labels.
    """
    template = read_volume(path)
    check_labels(template.voxels, Path(path).name)
    return template


def check_labels(labels: np.ndarray, name: str) -> None:
    """Raise InputError unless a label map contains exactly the labels of the regions; its name is for the message."""
    present = set(np.unique(labels).tolist())
    wanted = {region.label for region in REGIONS}
    if present - {0} != wanted:
        raise InputError(
            f"{name} must contain the labels 1 to {len(REGIONS)}, one for each region, and 0; it contains "
            f"{', '.join(str(label) for label in sorted(present)[:12])}."
        )
