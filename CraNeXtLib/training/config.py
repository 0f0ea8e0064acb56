"""What can be set about a training run: typed, with a default for everything, read strictly from YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from CraNeXtLib.anatomy.head.network_grid import NETWORK_SHAPE
from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.errors import InputError

ONE_HOT_CHANNELS = len(ALL_REGIONS) + 1
PROPOSAL_CHANNELS = 3  # defective skull, proposal, mean skull
FACE_CHANNELS = 2  # defective skull, mean skull
PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What the network sees.

    Args:
        manifest: Data set (CSV or JSON, see ``CraNeXtLib.datasets.manifest``) with the splits training and validation.
        more_manifests: Data sets to use besides, such as the skulls of ``cranext dataset bend``.
        cache: Folder for prepared cases; by default one in the output folder. Several runs can share it.
        on_bad_case: Whether a case that cannot be read ends the run or is left out. It is named in either case.
        placement: Whether skulls are first placed where the template lies, see ``CraNeXtLib.datasets.placed_pairs``.
        grid: The network's grid, see ``CraNeXtLib.anatomy.head.network_grid``.
        shape: Voxels of the grid.
        target: What the network learns to give: the complete skull or the implant alone.
        input: The defective skull as one channel, or as ten: no bone, the eight regions and undefined (paper, III.C);
            or as the paper has it, one channel with the regions' numbers, averaged by area on the official grid; or
            with what the bundled shape model proposes and the mean skull, on that model's ``ModelSpaceGrid``; or with
            the mean skull on the ``ModelSpaceGrid`` of the face.
        defects_per_skull: How many defects of each skull are made and kept for ``proposal``; 0 makes new ones always.
        spacing_mm: Voxel size of the prepared skulls that defects are cut into; half the grid's or less is enough.
        workers: Processes that make samples; 0 makes them in the training process.
    """

    manifest: str = ""
    more_manifests: tuple[str, ...] = ()
    cache: str = ""
    on_bad_case: Literal["stop", "skip"] = "stop"
    placement: Literal["none", "rigid", "affine"] = "none"
    grid: Literal["default", "official", "vault"] = "default"
    shape: tuple[int, int, int] = NETWORK_SHAPE
    target: Literal["complete", "implant"] = "implant"
    input: Literal["binary", "one-hot", "labels", "proposal", "face"] = "binary"
    defects_per_skull: int = 0
    spacing_mm: float = 0.6
    workers: int = 2


@dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """How samples differ from the cases.

    Args:
        own_defect: Share of the samples of a case with a defect that keep it; the others get a synthetic one.
        defects: Kinds of synthetic defects (see ``cutting``) and their relative frequencies.
        flip_left_right: Probability.
        flip_front_back: Probability. The paper does it, though no head is turned so.
        rotation_deg: Standard deviation about each axis.
        scaling: Standard deviation of the logarithm of the scale along each axis.
        translation_mm: Standard deviation along each axis.
        elastic_mm: Standard deviation of a smooth displacement along each axis; 0 is none.
        segmentation_noise: Probability of imitating a scanner's blur and a threshold that is off.
    """

    own_defect: float = 0.35
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
        }
    )
    flip_left_right: float = 0.5
    flip_front_back: float = 0.0
    rotation_deg: float = 4.0
    scaling: float = 0.05
    translation_mm: float = 3.0
    elastic_mm: float = 2.0
    segmentation_noise: float = 0.3


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """Which network.

    Args:
        name: See ``CraNeXtLib.networks``.
        options: Its options, such as ``grn`` and ``drop_path``. A file that names another network than the preset it
            starts from starts without options.
        start_from: Name or folder of a model whose weights to start from; it must have the same network.
        face_of: Name or folder of a refined model that the network completes the face for, with ``data.input`` face.
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
        weight_decay: Of kernels and matrices; norms and biases have none.
        warmup_steps: Steps in which the learning rate rises to its highest.
        decay: Share of the run, at its end, in which it falls along a cosine to 0: 1 is plain cosine, 0 is constant.
        gradient_clip: Largest norm of the gradient; 0 is no limit.
        ema_decay: Decay a step of the running mean of the weights that is validated and kept; 0 keeps the weights.
    """

    loss: Literal["dice-bce", "official-dice", "official-double-sigmoid"] = "dice-bce"
    bce_weight: float = 10.0
    optimizer: Literal["adam", "adamw"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup_steps: int = 500
    decay: float = 1.0
    gradient_clip: float = 1.0
    ema_decay: float = 0.999


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """How long and where.

    Args:
        epochs: Number of epochs; each ends with a validation and a checkpoint.
        samples_per_epoch: Samples an epoch; 0 is every training case once.
        batch_size: Samples a step on each device.
        seed: Decides the order, the defects and the augmentation.
        select_by: What makes an epoch the best: mean DSC on the grid of the implant or of the complete skull.
        picture_every: Epochs between pictures of a validation case; 0 is none.
        accelerator: Where to run.
        devices: Devices on each node.
        nodes: Nodes.
        threads: CPU threads of each process; 0 leaves it to PyTorch.
        precision: Mixed precision, or 32.
        gradient_checkpointing: Recompute blocks in the backward pass instead of keeping their activations.
    """

    epochs: int = 300
    samples_per_epoch: int = 0
    batch_size: int = 1
    seed: int = 2024
    select_by: Literal["implant-dsc", "complete-dsc"] = "implant-dsc"
    picture_every: int = 10
    accelerator: Literal["auto", "cpu", "cuda"] = "auto"
    devices: int = 1
    nodes: int = 1
    threads: int = 0
    precision: Literal["32", "bf16-mixed", "16-mixed"] = "bf16-mixed"
    gradient_checkpointing: bool = True


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """A whole run.

    Args:
        name: What the model will be called.
        licence: Of the weights, as the data demand it.
        data: What the network sees.
        augmentation: How samples differ from the cases.
        network: Which network.
        optimization: How it learns.
        run: How long and where.
    """

    name: str = "my-model"
    licence: str = "not stated"
    data: DataConfig = field(default_factory=DataConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    run: RunConfig = field(default_factory=RunConfig)

    def __post_init__(self) -> None:
        _check(self)


def presets() -> tuple[str, ...]:
    """Return the names of the presets that come with the software."""
    return tuple(sorted(path.stem for path in PRESETS.glob("*.yaml")))


def describe_preset(name: str) -> str:
    """Return what a preset is for, as the comment at the top of its file says it."""
    lines = (PRESETS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("#"), lines))


def _check(config: TrainingConfig) -> None:
    """Raise InputError for values that no run can use."""
    from CraNeXtLib.datasets.synthetic_defects.kinds import KINDS
    from CraNeXtLib.networks import NAMES

    augmentation, optimization, run = config.augmentation, config.optimization, config.run
    unknown = sorted(set(augmentation.defects) - set(KINDS))
    if unknown:
        raise InputError(f"augmentation.defects names '{unknown[0]}'; choose from {', '.join(KINDS)}.")
    if config.network.name not in NAMES:
        raise InputError(f"network.name is '{config.network.name}'; choose one of {', '.join(NAMES)}.")
    for section, key, low, high in (
        ("augmentation", "own_defect", 0, 1),
        ("augmentation", "flip_left_right", 0, 1),
        ("augmentation", "flip_front_back", 0, 1),
        ("augmentation", "segmentation_noise", 0, 1),
        ("optimization", "decay", 0, 1),
        ("optimization", "ema_decay", 0, 0.99999),
        ("optimization", "learning_rate", 1e-9, 1),
        ("data", "spacing_mm", 0.1, 5),
        ("augmentation", "rotation_deg", 0, 45),
        ("augmentation", "scaling", 0, 0.5),
        ("augmentation", "translation_mm", 0, 50),
        ("augmentation", "elastic_mm", 0, 20),
        ("optimization", "bce_weight", 0, 1000),
        ("optimization", "weight_decay", 0, 10),
        ("optimization", "gradient_clip", 0, 1e6),
    ):
        value = getattr(getattr(config, section), key)
        if not low <= value <= high:
            raise InputError(f"{section}.{key} is {value:g}; it must lie between {low:g} and {high:g}.")
    least = {"epochs": 1, "samples_per_epoch": 0, "batch_size": 1, "devices": 1, "nodes": 1, "threads": 0}
    for key, low in least.items():
        if getattr(run, key) < low:
            raise InputError(f"run.{key} is {getattr(run, key)}; it must be at least {low}.")
    if min(config.data.shape) < 32:
        raise InputError(f"data.shape is {list(config.data.shape)}; every axis needs at least 32 voxels.")
    if min(optimization.warmup_steps, config.data.workers, run.picture_every, *augmentation.defects.values(), 0) < 0:
        raise InputError(
            "optimization.warmup_steps, data.workers, run.picture_every and augmentation.defects must not be negative."
        )
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", config.name):
        raise InputError(f"name is '{config.name}'; a model's name has only letters, digits, '.', '_' and '-'.")
    if augmentation.own_defect < 1 and not any(weight > 0 for weight in augmentation.defects.values()):
        raise InputError("augmentation.defects names no kind; name one or set augmentation.own_defect to 1.")
    if config.data.grid == "official" and not _keeps_cases(augmentation):
        raise InputError(
            "data.grid 'official' takes the cases as they are; set augmentation.own_defect to 1, and rotation_deg, "
            "scaling, translation_mm, elastic_mm and segmentation_noise to 0."
        )
    if config.data.grid == "official" and config.data.input == "one-hot":
        raise InputError("data.input 'one-hot' needs regions that never mix; set data.grid to default or vault.")
    if config.data.grid != "official" and config.data.input == "labels":
        raise InputError("data.input 'labels' is the paper's, for data.grid 'official'; set data.input to one-hot.")
    if (config.network.name == "cranext_refiner") != (config.data.input == "proposal"):
        raise InputError("data.input 'proposal' and network.name 'cranext_refiner' go together; set both or neither.")
    if bool(config.network.face_of) != (config.data.input == "face"):
        raise InputError("data.input 'face' and network.face_of, a refined model, go together; set both or neither.")
    if config.data.input == "face" and config.network.name != "cranext_folded":
        raise InputError("The network of the face is a 'cranext_folded'; set network.name to that.")
    if config.data.input in ("proposal", "face") and config.data.target == "complete":
        raise InputError("A refiner gives the implant; set data.target to implant.")


def network_options(config: TrainingConfig) -> dict[str, Any]:
    """Return the network's options, the channels of the input included."""
    channels = {"in_channels": input_channels(config)} if input_channels(config) > 1 else {}
    return config.network.options | channels


def input_channels(config: TrainingConfig) -> int:
    """Return how many channels the network's input has."""
    return {"one-hot": ONE_HOT_CHANNELS, "proposal": PROPOSAL_CHANNELS, "face": FACE_CHANNELS}.get(config.data.input, 1)


def _keeps_cases(augmentation: AugmentationConfig) -> bool:
    changes = ("rotation_deg", "scaling", "translation_mm", "elastic_mm", "segmentation_noise")
    return augmentation.own_defect == 1 and not any(getattr(augmentation, change) for change in changes)
