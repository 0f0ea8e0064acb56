"""The settings of the training panel, converted to a configuration of ``cranext train``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.completion.model_library import check_model_name
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.slicer_ui.translation import _


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """Settings of a run; 0 or an empty string keeps the value of the preset or configuration file.

    Args:
        manifest: Path of the data set's manifest.
        preset: Name of the preset.
        configuration: Path of a configuration file to use instead of the preset.
        name: Name of the model.
        licence: License of the weights, as required by the data.
        epochs: Number of epochs.
        batch_size: Samples per step.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
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
        """Return the configuration, in the sections of a configuration file.

        Raises:
            InputError: If the manifest or the configuration file is missing, or the name is not a valid folder name.
        """
        if not self.manifest or not Path(self.manifest).is_file():
            raise InputError(_("Choose a manifest, a .csv or .json file, under “Data set”."))
        if self.configuration and not Path(self.configuration).is_file():
            raise InputError(
                _("There is no file {path}. Choose another one under “Configuration”.").format(path=self.configuration)
            )
        try:
            check_model_name(self.name)
        except InputError as error:
            raise InputError(
                _("“Model name” may contain only letters, digits, spaces, periods, hyphens and underscores.")
            ) from error
        start = str(Path(self.configuration).absolute()) if self.configuration else self.preset
        run = {"epochs": self.epochs, "batch_size": self.batch_size, "accelerator": self.device}
        top_level = {"name": self.name, "licence": self.licence}
        return {
            "preset": start,
            **{key: value for key, value in top_level.items() if value},
            "data": {"manifest": str(Path(self.manifest).absolute())},
            "run": {key: value for key, value in run.items() if value},
        }
