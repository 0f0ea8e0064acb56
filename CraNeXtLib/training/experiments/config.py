"""The settings of the experiments, from a preset or a YAML file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from CraNeXtLib.completion.model_library import check_model_name
from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.files.text import read_yaml, yaml_text
from CraNeXtLib.core.runtime.devices import DEVICES
from CraNeXtLib.networks import NAMES
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.config import presets as training_presets
from CraNeXtLib.training.config_reading import read_config, typed
from CraNeXtLib.training.experiments.design import BOTH, CELLS, EXPERIMENTS, Cell, Experiment

_PRESETS = Path(__file__).parent / "presets"
# Networks of ConvNeXt blocks, and the options that they take over from the preset's network.
_CONVNEXT = ("cranext", "unet3dcnn_convnext", "wodzinski_unet_convnext")
_CONVNEXT_OPTIONS = ("grn", "drop_path")


@dataclass(frozen=True, kw_only=True)
class ExperimentConfig:
    """The experiments on a user's data.

    Args:
        a: Manifest of data set A (see ``CraNeXtLib.datasets.manifest``), with all three splits; SkullBreak in the
            paper.
        b: Manifest of data set B, the clinical cases in the paper; without it only Experiment 1 is done, on A alone.
        names: Names of the data sets in tables.
        training: Preset or file of ``cranext train`` that every network is trained with.
        settings: Values that differ from it, in sections as there; not ``network``.
        fine_tuning: Further differences for training on B after training on A.
        options: Options of networks that differ from their defaults, by the name of the network.
        pca_skull_official: ``spacing_mm`` and ``registration`` of the published PCA-skull, see
            ``CraNeXtLib.training.shape_model.official``.
        region_input: Input of the network for categorized skulls: ``"one-hot"``, or ``"labels"`` as in the paper, on
            its grid.
        postprocessing: Post-processing of the networks' output, ``"default"`` or ``"official"``.
        extra: The user's own cells, which join Experiment 1: by name, a mapping with ``label`` and either ``network``
            and ``options``, to be trained like the others, or ``model``, the name or folder of an existing model.
        device: Where the models are tested.

    Raises:
        InputError: If a value is wrong.
    """

    a: str = ""
    b: str = ""
    names: dict[str, str] = field(default_factory=lambda: {"a": "A", "b": "B"})
    training: str = "default"
    settings: dict[str, Any] = field(default_factory=dict)
    fine_tuning: dict[str, Any] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    pca_skull_official: dict[str, Any] = field(default_factory=dict)
    region_input: Literal["one-hot", "labels"] = "one-hot"
    postprocessing: Literal["default", "official"] = "default"
    extra: dict[str, dict[str, Any]] = field(default_factory=dict)
    device: str = "auto"

    def __post_init__(self) -> None:
        if not self.a:
            raise InputError("The experiments need a data set; name its manifest with --a.")
        if set(self.names) != {"a", "b"}:
            raise InputError("names must have the keys a and b.")
        for name, entry in self.extra.items():
            _check_own_cell(name, entry)
        for name in self.options:
            if name not in NAMES:
                raise InputError(f"options names the network '{name[:60]}'; choose from {', '.join(NAMES)}.")
        if self.device not in DEVICES:
            raise InputError(f"device is '{self.device[:60]}'; choose from {', '.join(DEVICES)}.")
        for key, value in self.pca_skull_official.items():
            if key not in ("spacing_mm", "registration"):
                raise InputError(f"pca_skull_official contains '{key[:60]}'; choose from spacing_mm, registration.")
            if key == "registration" and value not in ("SyN", "Rigid"):
                raise InputError(f"pca_skull_official.registration is {shown(value)}; choose SyN or Rigid.")
            if key == "spacing_mm" and not (type(value) in (int, float) and 0.5 <= value <= 20):
                raise InputError(f"pca_skull_official.spacing_mm is {shown(value)}; it must lie between 0.5 and 20.")
        for cell in self.cells():
            if cell.trained:
                self.training_of(cell, "", "")

    def cells(self) -> tuple[Cell, ...]:
        """Return all cells that the data sets allow, the user's own last. The number of a cell is its index."""
        extra = (
            Cell(
                name=name,
                label=str(entry.get("label", name)).replace("{", "").replace("}", ""),
                system=str(entry.get("network", "")),
                options=dict(entry.get("options", {})),
                model=str(entry.get("model", "")),
            )
            for name, entry in self.extra.items()
        )
        return (*(cell for cell in CELLS if self.b or "b" not in cell.data), *extra)

    def experiments(self) -> tuple[Experiment, ...]:
        """Return the experiments that the data sets allow, with the user's own cells in the first."""
        first, *others = EXPERIMENTS
        first = replace(first, cells=(*first.cells, *self.extra))
        return (first, *others) if self.b else (first,)

    def tested_on(self) -> str:
        """Return the data sets whose test cases every cell is tested on: ``"ab"`` or ``"a"``."""
        return BOTH if self.b else "a"

    def training_of(self, cell: Cell, manifest: str, cache: str, start_from: str = "") -> TrainingConfig:
        """Return the configuration that trains a cell's network.

        Args:
            cell: A cell with a network.
            manifest: The cell's data set.
            cache: Folder for prepared cases.
            start_from: Folder of the model whose weights it starts from.

        Raises:
            InputError: If the settings are wrong.
        """
        settings = merged(self.settings, self.fine_tuning if cell.start_from else {})
        if "network" in settings:
            raise InputError("settings.network is what the experiments vary; add your own networks in extra.")
        options = read_config(self.training, overrides=settings).network.options if cell.system in _CONVNEXT else {}
        shared = {key: value for key, value in options.items() if key in _CONVNEXT_OPTIONS}
        data = {"manifest": manifest, "cache": cache}
        if cell.input == "regions":
            data["input"] = self.region_input
        network = {
            "name": cell.system,
            "options": shared | self.options.get(cell.system, {}) | cell.options,
            "start_from": start_from,
        }
        return read_config(
            self.training, overrides=merged(settings, {"name": cell.name, "data": data, "network": network})
        )


def _check_own_cell(name: str, entry: dict[str, Any]) -> None:
    """Raise InputError if an entry of ``extra`` cannot be a cell."""
    if set(entry) - {"label", "network", "options", "model"} or ("network" in entry) == ("model" in entry):
        raise InputError(f"extra.{name[:60]} must have a network or a model, and may have label and options.")
    for key, value in entry.items():
        kind = dict if key == "options" else str
        if not isinstance(value, kind):
            raise InputError(f"extra.{name[:60]}.{key} is {shown(value)}; it must be of type {kind.__name__}.")
    if name in {cell.name for cell in CELLS}:
        raise InputError(f"extra.{name} cannot be the name of a cell; choose another one.")
    try:
        check_model_name(name)
    except InputError as error:
        raise InputError(f"extra: {error}") from error


def presets() -> tuple[str, ...]:
    """Return the names of the presets that come with the software."""
    return tuple(sorted(path.stem for path in _PRESETS.glob("*.yaml")))


def read_experiments(preset_or_path: str | Path, *, a: str = "", b: str = "") -> ExperimentConfig:
    """Read a preset by name, or a YAML file; settings that it does not name have their defaults.

    Args:
        preset_or_path: Name of a preset, or the file.
        a: Manifest of data set A, which takes precedence over the file's. Paths in a file are relative to it.
        b: Manifest of data set B, likewise.

    Raises:
        InputError: If there is no such preset or file, or a key or value is wrong; the message names it.
    """
    path = Path(preset_or_path)
    if str(preset_or_path) in presets():
        path = _PRESETS / f"{preset_or_path}.yaml"
    try:
        values = read_yaml(path)
    except OSError as error:
        known = ", ".join(presets())
        raise InputError(f"'{preset_or_path}' is neither a preset ({known}) nor a readable file.") from error
    values = typed(ExperimentConfig, values)
    if "training" in values and values["training"] not in training_presets():
        values["training"] = str(path.parent.absolute() / values["training"])
    for key, given in (("a", a), ("b", b)):
        if given or values.get(key):
            values[key] = str(Path(given).absolute() if given else path.parent.absolute() / values[key])
    return ExperimentConfig(**values)


def experiments_as_yaml(config: ExperimentConfig) -> str:
    """Return a configuration as YAML with every key."""
    return yaml_text(asdict(config))


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Merge two sets of values section by section; ``above`` takes precedence."""
    result = dict(below)
    for section, values in above.items():
        both = isinstance(values, dict) and isinstance(result.get(section), dict)
        result[section] = result[section] | values if both else values
    return result
