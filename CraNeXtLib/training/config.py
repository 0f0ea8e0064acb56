"""The settings of a training run: typed, each with a default and the range that it must lie in."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from CraNeXtLib.anatomy.head.network_grid import NETWORK_SHAPE
from CraNeXtLib.completion.model_library import check_model_name
from CraNeXtLib.core.errors import InputError, shown

PRESETS = Path(__file__).parent / "presets"


def _between(low: float, high: float, default: float | tuple[int, ...]) -> Any:
    """Declare a number, or several, with the lowest and the highest value that it may have."""
    return field(default=default, metadata={"low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The data that the network sees.

    Args:
        manifest: Data set (CSV or JSON, see ``CraNeXtLib.datasets.manifest``) with the splits training and validation.
        more_manifests: Further data sets, such as the skulls of ``cranext dataset bend``.
        cache: Folder for prepared cases, by default in the run's folder. Several runs can share it.
        on_bad_case: What a case that cannot be read does: stop the run, or be skipped with a message.
        placement: How skulls are first placed on the template, see ``CraNeXtLib.anatomy.head.placement``.
        grid: The network's grid, see ``CraNeXtLib.anatomy.head.network_grid``. ``official`` is the published one.
        shape: Voxels of the grid.
        target: What the network learns to output: the complete skull or only the implant.
        input: What the network takes, see ``CraNeXtLib.training.samples.input_kind``.
        defects_per_skull: Number of defects of each skull that are made and kept for ``proposal``; 0 makes a new one
            for every sample.
        spacing_mm: Spacing of the prepared skulls that defects are cut into; half the grid's spacing is enough.
        workers: Processes that make samples; 0 makes them in the training process.
    """

    manifest: str = ""
    more_manifests: tuple[str, ...] = ()
    cache: str = ""
    on_bad_case: Literal["stop", "skip"] = "stop"
    placement: Literal["none", "rigid", "affine"] = "none"
    grid: Literal["default", "official", "vault"] = "default"
    shape: tuple[int, int, int] = _between(32, 512, NETWORK_SHAPE)
    target: Literal["complete", "implant"] = "implant"
    input: Literal["binary", "one-hot", "labels", "proposal", "face"] = "binary"
    defects_per_skull: int = _between(0, 1000, 0)
    spacing_mm: float = _between(0.1, 5, 0.6)
    workers: int = _between(0, 256, 2)


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """How samples differ from the cases.

    Args:
        own_defect: Fraction of the samples of a case with a defect that keep it; the others get a synthetic one.
        defects: Relative frequencies of the kinds of synthetic defects, see
            ``CraNeXtLib.datasets.synthetic_defects.kinds``.
        flip_left_right: Probability.
        flip_front_back: Probability. The paper uses it, although no head is oriented that way.
        rotation_deg: Standard deviation about each axis.
        scaling: Standard deviation of the logarithm of the scale along each axis.
        translation_mm: Standard deviation along each axis.
        elastic: Fraction of the samples that are bent.
        elastic_mm: Standard deviation of a smooth displacement along each axis, which bends the head; 0 disables it.
        segmentation_noise: Probability of imitating a scanner's blur and an inaccurate threshold.
    """

    own_defect: float = _between(0, 1, 0.35)
    defects: dict[str, float] = field(
        default_factory=lambda: {
            "skullfix": 3.0,
            "bilateral": 1.0,
            "fronto-orbital": 1.0,
            "parieto-temporal": 1.0,
            "random-1": 1.0,
            "random-2": 1.0,
            "sloped-edge": 1.0,
            "non-break-through": 1.0,
            "bone-residue": 1.0,
        },
        metadata={"low": 0, "high": 1_000_000},
    )
    flip_left_right: float = _between(0, 1, 0.5)
    flip_front_back: float = _between(0, 1, 0.0)
    rotation_deg: float = _between(0, 45, 4.0)
    scaling: float = _between(0, 0.5, 0.05)
    translation_mm: float = _between(0, 50, 3.0)
    elastic: float = _between(0, 1, 1.0)
    elastic_mm: float = _between(0, 20, 2.0)
    segmentation_noise: float = _between(0, 1, 0.3)

    def keeps_cases(self) -> bool:
        """Tell whether samples differ from the cases by flips only."""
        changes = (
            self.rotation_deg,
            self.scaling,
            self.translation_mm,
            self.elastic_mm,
            self.segmentation_noise,
        )
        return self.own_defect == 1 and not any(changes)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """The network.

    Args:
        name: Name of the network, see ``CraNeXtLib.networks``.
        options: Options of the network, such as ``grn`` and ``drop_path``. A file that names another network than the
            preset it starts from starts without options.
        start_from: Name or folder of a model whose weights to start from; it must have the same network.
        face_of: Name or folder of the refined model whose face the network completes, with ``data.input`` face.
    """

    name: str = "cranext"
    options: dict[str, Any] = field(default_factory=lambda: {"grn": "3d", "drop_path": 0.1})
    start_from: str = ""
    face_of: str = ""


@dataclass(frozen=True, kw_only=True)
class OptimizationConfig:
    """How the network learns.

    Args:
        loss: See ``CraNeXtLib.training.losses``.
        bce_weight: Weight of the cross entropy in the loss ``dice-bce``.
        optimizer: Adam or AdamW.
        learning_rate: Highest learning rate.
        weight_decay: Weight decay of kernels and matrices; norms and biases have none.
        warmup_steps: Steps in which the learning rate rises to its highest value.
        decay: Fraction of the run, at its end, in which the learning rate falls along a cosine to 0: 1 is a plain
            cosine, 0 a constant rate.
        gradient_clip: Largest norm of the gradient; 0 sets no limit.
        ema_decay: Decay per step of the exponential moving average of the weights, which is validated and kept; 0
            keeps the weights themselves.
    """

    loss: Literal["dice-bce", "official-dice", "official-double-sigmoid"] = "dice-bce"
    bce_weight: float = _between(0, 1000, 10.0)
    optimizer: Literal["adam", "adamw"] = "adamw"
    learning_rate: float = _between(1e-9, 1, 1e-3)
    weight_decay: float = _between(0, 10, 0.02)
    warmup_steps: int = _between(0, 1_000_000, 500)
    decay: float = _between(0, 1, 1.0)
    gradient_clip: float = _between(0, 1e6, 1.0)
    ema_decay: float = _between(0, 0.99999, 0.999)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """How long the run takes and where it runs.

    Args:
        epochs: Number of epochs; each ends with a validation and a checkpoint.
        samples_per_epoch: Samples in an epoch; 0 takes every training case once.
        batch_size: Samples per step on each device.
        seed: Determines the order of the cases, the defects and the augmentation.
        select_by: Score that selects the best epoch: mean DSC on the grid of the implant or of the complete skull.
        picture_every: Epochs between pictures of a validation case; 0 draws none.
        accelerator: Where to run.
        devices: Devices on each node.
        nodes: Nodes.
        threads: CPU threads of each process; 0 leaves the choice to PyTorch.
        precision: Mixed precision, or 32.
        gradient_checkpointing: Recompute blocks in the backward pass instead of keeping their activations.
    """

    epochs: int = _between(1, 100_000, 300)
    samples_per_epoch: int = _between(0, 10_000_000, 0)
    batch_size: int = _between(1, 1024, 1)
    seed: int = _between(0, 2**32 - 1, 2024)
    select_by: Literal["implant-dsc", "complete-dsc"] = "implant-dsc"
    picture_every: int = _between(0, 100_000, 10)
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = _between(1, 1024, 1)
    nodes: int = _between(1, 1024, 1)
    threads: int = _between(0, 1024, 0)
    precision: Literal["32", "bf16-mixed", "16-mixed"] = "bf16-mixed"
    gradient_checkpointing: bool = True


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """All settings of a run.

    Args:
        name: Name of the resulting model.
        licence: License of the weights, as the data require it.
        data: The data that the network sees.
        augmentation: How samples differ from the cases.
        network: The network.
        optimization: How the network learns.
        run: How long the run takes and where it runs.

    Raises:
        InputError: If a value is out of range or two values contradict each other. Whether the other settings suit
            ``data.input`` is checked by :func:`CraNeXtLib.training.samples.input_kind.input_kind`.
    """

    name: str = "my-model"
    licence: str = "not stated"
    data: DataConfig = field(default_factory=DataConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    run: RunConfig = field(default_factory=RunConfig)

    def __post_init__(self) -> None:
        _check_names(self)
        for item in fields(self):
            section = getattr(self, item.name)
            if is_dataclass(section):
                _check_ranges(section, item.name)
        _check_combinations(self)


def presets() -> tuple[str, ...]:
    """Return the names of the presets that come with the software."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.yaml")))


def describe_preset(name: str) -> str:
    """Return the purpose of a preset: the comment at the top of its file."""
    lines = (PRESETS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("#"), lines))


def _check_names(config: TrainingConfig) -> None:
    """Raise InputError for names that do not exist or cannot be used."""
    from CraNeXtLib.datasets.synthetic_defects.kinds import DEEP_KINDS, KINDS
    from CraNeXtLib.networks import NAMES

    kinds = (*KINDS, *DEEP_KINDS)
    unknown = sorted(set(config.augmentation.defects) - set(kinds))
    if unknown:
        raise InputError(f"augmentation.defects names '{unknown[0]}'; choose from {', '.join(kinds)}.")
    if config.network.name not in NAMES:
        raise InputError(f"network.name is '{config.network.name}'; choose one of {', '.join(NAMES)}.")
    try:
        check_model_name(config.name)
    except InputError as error:
        raise InputError(f"name: {error}") from error


def _check_ranges(section: Any, name: str) -> None:
    """Raise InputError for numbers of a section that are out of the range that their field declares."""
    for item in fields(section):
        if "low" not in item.metadata:
            continue
        value, low, high = getattr(section, item.name), item.metadata["low"], item.metadata["high"]
        numbers = {"": value} if isinstance(value, int | float) else value
        for key, number in numbers.items() if isinstance(numbers, dict) else enumerate(numbers):
            setting = f"{name}.{item.name}" + (f".{key}" if isinstance(numbers, dict) and key else "")
            if not low <= number <= high:
                raise InputError(f"{setting} is {shown(number)}; it must lie between {low} and {high}.")


def _check_combinations(config: TrainingConfig) -> None:
    """Raise InputError for values that contradict each other."""
    augmentation = config.augmentation
    if augmentation.own_defect < 1 and not any(weight > 0 for weight in augmentation.defects.values()):
        raise InputError("augmentation.defects names no kind; name one or set augmentation.own_defect to 1.")
    if config.data.grid == "official" and not augmentation.keeps_cases():
        raise InputError(
            "data.grid 'official' takes the cases as they are; set augmentation.own_defect to 1, and rotation_deg, "
            "scaling, translation_mm, elastic_mm and segmentation_noise to 0."
        )
