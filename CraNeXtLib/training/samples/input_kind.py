"""What a network takes as input: for each kind, how cases are prepared and sampled and how the model is written.

Nothing here needs PyTorch until a case is prepared, so that a configuration can be checked without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, ClassVar

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.skull_pair import SkullPair
from CraNeXtLib.training.config import TrainingConfig

if TYPE_CHECKING:
    from torch import Tensor

    from CraNeXtLib.training.samples.numbered_samples import Cases, SampleMaker

_KINDS = {
    "binary": "CraNeXtLib.training.samples.input_kind:BinaryInput",
    "one-hot": "CraNeXtLib.training.samples.input_kind:OneHotInput",
    "labels": "CraNeXtLib.training.samples.input_kind:LabelsInput",
    "proposal": "CraNeXtLib.training.samples.input_kind:ProposalInput",
    "face": "CraNeXtLib.training.samples.input_kind:FaceInput",
}

NAMES = tuple(_KINDS)

_REFINER = "cranext_refiner"
_FACE_NETWORK = "cranext_folded"


def input_kind(config: TrainingConfig) -> InputKind:
    """Return the kind of input that a configuration names in ``data.input``.

    Raises:
        InputError: If there is no such kind, or other settings do not suit it.
    """
    name = config.data.input
    if name not in _KINDS:
        raise InputError(f"data.input is '{name}'; choose one of {', '.join(NAMES)}.")
    kind: InputKind = resolve_name(_KINDS[name])(config)
    kind.check()
    return kind


class InputKind(ABC):
    """One kind of input.

    Args:
        config: The run's configuration.

    Attributes:
        channels: Number of channels of the network's input.
    """

    channels: ClassVar[int]
    _is_proposal: ClassVar[bool] = False
    _is_face: ClassVar[bool] = False

    def __init__(self, config: TrainingConfig) -> None:
        self.config = config

    def check(self) -> None:
        """Raise InputError if other settings do not suit this input."""
        data, network = self.config.data, self.config.network
        if (network.name == _REFINER) != self._is_proposal:
            raise InputError(f"data.input 'proposal' and network.name '{_REFINER}' go together; set both or neither.")
        if bool(network.face_of) != self._is_face:
            raise InputError(
                "data.input 'face' and network.face_of, a refined model, go together; set both or neither."
            )
        if (self._is_proposal or self._is_face) and data.target == "complete":
            raise InputError(f"data.input '{data.input}' trains for the implant; set data.target to implant.")

    @property
    def network_options(self) -> dict[str, Any]:
        """The network's options, including the channels of the input where there are several."""
        channels = {"in_channels": self.channels} if self.channels > 1 else {}
        return self.config.network.options | channels

    @abstractmethod
    def preparation(self) -> dict[str, Any]:
        """Return the settings that the prepared form of a case depends on: part of its key in the cache."""

    @abstractmethod
    def prepare(self, pair: SkullPair) -> dict[str, Tensor]:
        """Return a case in the form that samples are made from.

        Raises:
            InputError: If the case cannot be used.
        """

    @abstractmethod
    def sample_maker(self, cases: Cases, cache: Path, *, training: bool) -> SampleMaker:
        """Return what makes samples of prepared cases.

        Args:
            cases: The prepared cases.
            cache: Folder for whatever samples are kept.
            training: Whether to change the cases at random; else each gives the same sample every time.
        """

    def write_model(
        self,
        folder: Path,
        weights: Mapping[str, Tensor],
        cases: Cases,
        *,
        data: str,
        recipe: str = "",
    ) -> None:
        """Write a model folder without scores.

        Args:
            folder: The folder; files of the same names in it are replaced.
            weights: The network's state dict.
            cases: The prepared training cases.
            data: What the network was trained on, for the card.
            recipe: How it was trained, as far as the configuration does not tell.

        Raises:
            InputError: If a weight is not finite, or the folder cannot be written.
        """
        from CraNeXtLib.training.output.model_folder import write_network

        del cases
        write_network(folder, weights, self.config, self.network_options, data=data, recipe=recipe)


class _AroundSkull(InputKind):
    """Input on a grid around each skull: published pairs on the official grid, else skulls that defects are cut into.

    Attributes:
        regions: Whether the input has the regions of the skull.
    """

    regions: ClassVar[bool] = False

    def preparation(self) -> dict[str, Any]:
        data = self.config.data
        if data.grid == "official":
            return {"official": list(data.shape)} | ({"labels": True} if self.regions else {})
        return {"spacing": data.spacing_mm, "vault_only": data.grid == "vault", "categorized": self.regions}

    def prepare(self, pair: SkullPair) -> dict[str, Tensor]:
        data = self.config.data
        if data.grid == "official":
            from CraNeXtLib.training.samples.official_pairs import official_pair

            return official_pair(pair, data.shape, labels=self.regions)
        from CraNeXtLib.training.samples.prepared_skull import prepare_skull

        return prepare_skull(
            pair, spacing_mm=data.spacing_mm, vault_only=data.grid == "vault", categorized=self.regions
        ).packed()

    def sample_maker(self, cases: Cases, cache: Path, *, training: bool) -> SampleMaker:
        del cache
        if self.config.data.grid == "official":
            from CraNeXtLib.training.samples.official_pairs import OfficialPairSamples

            return OfficialPairSamples(cases, self.config, training=training)
        from CraNeXtLib.training.samples.skull_samples import SkullSamples

        return SkullSamples(cases, self.config, training=training)


class BinaryInput(_AroundSkull):
    """The defective skull as one channel."""

    channels = 1


class OneHotInput(_AroundSkull):
    """Ten channels: no bone, the eight regions of the skull, and undefined bone (paper, section III.C)."""

    channels = len(ALL_REGIONS) + 1
    regions = True

    def check(self) -> None:
        super().check()
        if self.config.data.grid == "official":
            raise InputError("data.input 'one-hot' needs regions that never mix; set data.grid to default or vault.")


class LabelsInput(_AroundSkull):
    """One channel with the numbers of the regions, averaged by area on the official grid as published."""

    channels = 1
    regions = True

    def check(self) -> None:
        super().check()
        if self.config.data.grid != "official":
            raise InputError("data.input 'labels' is the paper's, for data.grid 'official'; set data.input to one-hot.")


class _OnShapeModel(InputKind):
    """Input on a grid in the space of the bundled shape model, which cases are aligned to."""

    def preparation(self) -> dict[str, Any]:
        from CraNeXtLib.completion import model_library

        return {"shape_model": model_library.find("pca_skull").sha256}

    def prepare(self, pair: SkullPair) -> dict[str, Tensor]:
        from CraNeXtLib.training.samples.placed_case import bundled_shape_model, place_case

        return place_case(pair, bundled_shape_model()).packed()


class ProposalInput(_OnShapeModel):
    """Three channels for a refiner: the defective skull, what the shape model fills in, and the mean skull."""

    channels = 3
    _is_proposal = True

    def sample_maker(self, cases: Cases, cache: Path, *, training: bool) -> SampleMaker:
        from CraNeXtLib.training.samples.refiner_samples import RefinerSamples

        return RefinerSamples(cases, self.config, cache, training=training)

    def write_model(
        self,
        folder: Path,
        weights: Mapping[str, Tensor],
        cases: Cases,
        *,
        data: str,
        recipe: str = "",
    ) -> None:
        from CraNeXtLib.training.output.model_folder import write_refined_model
        from CraNeXtLib.training.samples.placed_case import mean_skull

        mean = mean_skull(cases, self.config.data.shape)
        write_refined_model(folder, weights, self.config, self.network_options, mean, data=data, recipe=recipe)


class FaceInput(_OnShapeModel):
    """Two channels for the network of the face: the defective skull and the mean skull, on a grid of the upper face."""

    channels = 2
    _is_face = True

    def check(self) -> None:
        super().check()
        if self.config.network.name != _FACE_NETWORK:
            raise InputError(f"The network of the face is a '{_FACE_NETWORK}'; set network.name to that.")

    def sample_maker(self, cases: Cases, cache: Path, *, training: bool) -> SampleMaker:
        from CraNeXtLib.training.samples.face_samples import FaceSamples

        del cache
        return FaceSamples(cases, self.config, training=training)

    def write_model(
        self,
        folder: Path,
        weights: Mapping[str, Tensor],
        cases: Cases,
        *,
        data: str,
        recipe: str = "",
    ) -> None:
        from CraNeXtLib.training.output.model_folder import write_face_model

        del cases
        write_face_model(folder, weights, self.config, self.network_options, data=data, recipe=recipe)
