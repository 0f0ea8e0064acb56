"""What the training panel lets a user set, as a configuration of ``cranext train``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings of a run; 0 and empty leave a value to the preset or file.

    Args:
        manifest: File of the data set.
        preset: Name of the preset.
        configuration: A configuration file to use instead of the preset.
        name: What the model will be called.
        licence: Of the weights, as the data demand it.
        epochs: Number of epochs.
        batch_size: Samples a step.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``; empty leaves it to the preset.
    """

    manifest: str
    preset: str = "default"
    configuration: str = ""
    name: str = "my-model"
    licence: str = ""
    epochs: int = 0
    batch_size: int = 0
    device: str = ""

    def values(self) -> dict[str, Any]:
        """Return the configuration, in sections as in a file.

        Raises:
            InputError: If the data set or the configuration file is not there, or the name cannot be a folder's.
        """
        if not self.manifest or not Path(self.manifest).is_file():
            raise InputError(_("Choose the manifest of a data set, a .csv or .json file."))
        if self.configuration and not Path(self.configuration).is_file():
            raise InputError(_("There is no configuration file {path}.").format(path=self.configuration))
        if not re.fullmatch(r"\w[\w .-]*", self.name) or self.name != self.name.strip(" ."):
            raise InputError(_("Give the model a name of letters, digits, - and _."))
        start = str(Path(self.configuration).absolute()) if self.configuration else self.preset
        run = {"epochs": self.epochs, "batch_size": self.batch_size, "accelerator": self.device}
        named = {"name": self.name, "licence": self.licence}
        return {
            "preset": start,
            **{key: value for key, value in named.items() if value},
            "data": {"manifest": str(Path(self.manifest).absolute())},
            "run": {key: value for key, value in run.items() if value},
        }
