"""From a manifest to batches: cases prepared once and cached, samples drawn by their number alone.

Sample ``n`` of a run depends on the seed and ``n``, on nothing else: not on the process that makes it, on how many
there are, or on whether the run was interrupted. So a resumed run needs no saved random states.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from monai.data import PersistentDataset
from monai.data.utils import pickle_hashing
from monai.transforms import Transform
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from CraNeXtLib import models
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.core.resources import TEMPLATE
from CraNeXtLib.datasets.manifest import DatasetCase, load_case, read_manifest
from CraNeXtLib.datasets.preparation import place_pair
from CraNeXtLib.head.skull_frame import SkullFrame, skull_frame
from CraNeXtLib.training.config import AugmentationConfig, TrainingConfig
from CraNeXtLib.training.face_samples import FaceSamples
from CraNeXtLib.training.official_pairs import official_pair
from CraNeXtLib.training.proposals import place_skull
from CraNeXtLib.training.refiner_samples import RefinerSamples
from CraNeXtLib.training.skulls import PreparedSkull, draw_sample, prepare_skull

_FORMAT = 2  # of the prepared cases; goes up when their preparation changes
_VALIDATION_SEED = 0
_NO_AUGMENTATION = AugmentationConfig(
    own_defect=1, flip_left_right=0, rotation_deg=0, scaling=0, translation_mm=0, elastic_mm=0, segmentation_noise=0
)
Batch = dict[str, Tensor]


class CompletionData(LightningDataModule):
    """Training and validation samples of a manifest.

    Args:
        config: The run's configuration.
        cache: Folder for prepared cases.
        report: Told which case is left out and why, as one sentence.
        progress: Told which case is being prepared.

    Raises:
        InputError: If the manifest cannot be used, or a case, where the configuration does not leave bad ones out.
    """

    def __init__(
        self,
        config: TrainingConfig,
        cache: Path,
        report: Callable[[str], None] = print,
        progress: ProgressCallback | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self._cache = cache
        self._left_out: set[DatasetCase] = set()
        self.cases = {name: PreparedCases(config, cache) for name in ("training", "validation")}
        self._report, self._progress = report, progress or (lambda _stage, _fraction: None)
        if not config.data.manifest:
            raise InputError("data.manifest names no data set; make one with: cranext dataset.")
        manifests = (config.data.manifest, *config.data.more_manifests)
        self.listed = [case for manifest in manifests for case in read_manifest(manifest)]

    def prepare_data(self) -> None:
        """Fill the cache. Each process of the run starts elsewhere, so that they share the work, not repeat it."""
        if len(self.cases["training"]):
            return
        shared = PreparedCases(self.config, self._cache)
        wanted = [case for case in self.listed if case.split in self.cases]
        first = len(wanted) * int(os.environ.get("RANK", 0)) // int(os.environ.get("WORLD_SIZE", 1))
        for number, case in enumerate(wanted[first:] + wanted[:first]):
            self._progress(f"Preparing {case.name}", number / len(wanted))
            self._add(case, shared)
        self.setup()

    def setup(self, stage: str | None = None) -> None:  # noqa: ARG002
        """Find the usable cases; those in the cache take no time."""
        if len(self.cases["training"]):
            return
        for name, prepared in self.cases.items():
            for case in self._split(name):
                self._add(case, prepared)
            if not len(prepared):
                raise InputError(f"{self.config.data.manifest} has no usable case in the split '{name}'.")

    def prepare_some(self, count: int) -> tuple[int, int]:
        """Prepare the first few training cases, and return how many cases there are to train on and to validate on."""
        training = self._split("training")
        for case in training[:count]:
            self._progress(f"Preparing {case.name}", 0.0)
            self._add(case, self.cases["training"])
        if not len(self.cases["training"]):
            raise InputError(f"The first cases to train on in {self.config.data.manifest} cannot be used.")
        return len(training), len(self._split("validation"))

    def used(self, split: str) -> list[DatasetCase]:
        """Return the cases of a split without those left out."""
        return [case for case in self._split(split) if case not in self._left_out]

    def _split(self, name: str) -> list[DatasetCase]:
        """Return the cases of a split.

        Raises:
            InputError: If there are none.
        """
        cases = [case for case in self.listed if case.split == name]
        if not cases:
            raise InputError(f"{self.config.data.manifest} has no case in the split '{name}'.")
        return cases

    def _add(self, case: DatasetCase, prepared: PreparedCases) -> None:
        if case in self._left_out:
            return
        try:
            prepared.add(case)
        except InputError as error:
            if self.config.data.on_bad_case == "stop":
                raise InputError(f"{error} Mend the case {case.name}, or set data.on_bad_case to skip.") from error
            self._left_out.add(case)
            self._report(f"Left out case {case.name}: {error}")

    @property
    def sha256(self) -> str:
        """Hash of the contents of all files of the cases in use."""
        hashes = sorted(key for prepared in self.cases.values() for key in prepared.content)
        return hashlib.sha256("".join(hashes).encode()).hexdigest()

    @property
    def samples_per_epoch(self) -> int:
        """Number of samples of an epoch, over all processes."""
        return self.config.run.samples_per_epoch or len(self.cases["training"])

    def training_samples(self) -> Dataset:
        """Return the samples of the training cases by number."""
        if self.config.data.input == "proposal":
            return RefinerSamples(self.cases["training"], self.config, self._cache, training=True)
        if self.config.data.input == "face":
            return FaceSamples(self.cases["training"], self.config, training=True)
        return TrainingSamples(self.cases["training"], self.config)

    def validation_samples(self, split: str) -> Dataset:
        """Return one sample of each case of a split."""
        if self.config.data.input == "proposal":
            return RefinerSamples(self.cases[split], self.config, self._cache, training=False)
        if self.config.data.input == "face":
            return FaceSamples(self.cases[split], self.config, training=False)
        return ValidationSamples(self.cases[split], self.config)

    def train_dataloader(self) -> DataLoader:
        """Return the batches of one epoch, from the trainer's present step on."""
        trainer, batch = self.trainer, self.config.run.batch_size
        sampler = NumberedSamples(
            lambda: trainer.global_step, self.samples_per_epoch, batch, trainer.global_rank, trainer.world_size
        )
        samples = self.training_samples()
        workers = self.config.data.workers
        return DataLoader(samples, batch, sampler=sampler, num_workers=workers, persistent_workers=workers > 0)

    def val_dataloader(self) -> DataLoader:
        """Return this process's share of the validation cases, one by one; all shares are as long."""
        samples, processes = self.validation_samples("validation"), self.trainer.world_size
        share = range(self.trainer.global_rank, -(-len(samples) // processes) * processes, processes)
        return DataLoader(samples, 1, sampler=list(share))


class NumberedSamples(Sampler[int]):
    """The numbers of the samples of an epoch that one process makes.

    Args:
        step: Gives the steps that the run has made.
        samples: Samples of an epoch, over all processes.
        batch: Samples a step of each process.
        rank: Number of this process.
        processes: How many there are.
    """

    def __init__(self, step: Callable[[], int], samples: int, batch: int, rank: int, processes: int) -> None:
        self._step, self._batch, self._rank, self._processes = step, batch, rank, processes
        self.steps = -(-samples // (batch * processes))

    def __len__(self) -> int:
        return self.steps * self._batch

    def __iter__(self) -> Iterator[int]:
        for step in range(self._step(), self._step() + self.steps):
            start = (step * self._processes + self._rank) * self._batch
            yield from range(start, start + self._batch)


class PreparedCases:
    """Cases on disk in the form that samples are made from, kept by the content of their files and the settings.

    MONAI's ``PersistentDataset`` does the caching: a file appears whole or not at all, and processes can share them.

    Args:
        config: The run's configuration.
        cache: Folder for them.
    """

    def __init__(self, config: TrainingConfig, cache: Path) -> None:
        data = config.data
        if data.grid == "official":
            self._settings = {"format": _FORMAT, "official": list(data.shape)}
            if data.input == "labels":
                self._settings["labels"] = True
        elif data.input in ("proposal", "face"):
            self._settings = {"format": _FORMAT, "shape_model": models.find("pca_skull").sha256}
        else:
            self._settings = {"format": _FORMAT, "spacing": data.spacing_mm, "vault_only": data.grid == "vault"}
            self._settings["categorized"] = data.input == "one-hot"
        if data.placement != "none":
            self._settings["placement"] = [data.placement, sha256_of(TEMPLATE)]
        self.content: list[str] = []
        self._prepared = PersistentDataset([], _Prepare(), cache, hash_func=pickle_hashing)

    def __len__(self) -> int:
        return len(self._prepared.data)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return self._prepared[index]

    def add(self, case: DatasetCase) -> None:
        """Prepare a case, unless it is in the cache.

        Raises:
            InputError: If its files cannot be used.
        """
        missing = [path for path in case.files().values() if not path.is_file()]
        if missing:
            raise InputError(f"There is no file {missing[0]}.")
        content = {role: sha256_of(path) for role, path in case.files().items()}
        files = {role: str(path) for role, path in case.files().items()}
        item = _Item(files, case.subject, case.orientation, {"content": content, **self._settings})
        self._prepared.data.append(item)
        try:
            self._prepared[len(self) - 1]
        except RuntimeError as error:  # MONAI's wrapper around the error of a transform
            del self._prepared.data[-1]
            cause = error.__cause__ if isinstance(error.__cause__, InputError) else error
            raise InputError(str(cause)) from error
        except BaseException:
            del self._prepared.data[-1]
            raise
        self.content += content.values()


class _Item(dict):
    """A case to prepare, whose key in the cache holds contents and settings but no paths."""

    def __init__(self, files: dict[str, str], subject: str, orientation: str, key: dict[str, Any]) -> None:
        super().__init__(key)
        self.files, self.subject, self.orientation = files, subject, orientation


class _Prepare(Transform):
    """Turn an item into tensors for the cache."""

    def __call__(self, item: _Item) -> dict[str, Tensor]:
        files = {role: Path(path) for role, path in item.files.items()}
        pair = load_case(DatasetCase(subject=item.subject, orientation=item.orientation, **files))
        if "placement" in item:
            pair = place_pair(pair, item["placement"][0])
        if "shape_model" in item:
            return place_skull(pair, models.find("pca_skull").load().model).packed()
        if "official" in item:
            return official_pair(pair, tuple(item["official"]), labels="labels" in item)
        return prepare_skull(
            pair, spacing_mm=item["spacing"], vault_only=item["vault_only"], categorized=item["categorized"]
        ).packed()


class TrainingSamples(Dataset):
    """Endless samples by number: every case once in random order, then again in another."""

    def __init__(self, cases: PreparedCases, config: TrainingConfig) -> None:
        self._cases, self._config = cases, config
        self._frames: dict[int, SkullFrame] = {}

    def __getitem__(self, number: int) -> Batch:
        seed = self._config.run.seed
        turn, place = divmod(number, len(self._cases))
        index = int(np.random.default_rng([seed, 0, turn]).permutation(len(self._cases))[place])
        rng = np.random.default_rng([seed, 1, number])
        return _sample_of(self._cases[index], self._config, rng, self._frames, index, plain=False)


class ValidationSamples(Dataset):
    """One sample of each case, the same every time, not turned: its own defect, or a synthetic one.

    Numbers from the count of cases on give cases again, which fill up the processes' shares and do not ``count``.
    """

    def __init__(self, cases: PreparedCases, config: TrainingConfig) -> None:
        self._cases, self._config = cases, config

    def __len__(self) -> int:
        return len(self._cases)

    def __getitem__(self, index: int) -> Batch:
        case = index % len(self)
        rng = np.random.default_rng([_VALIDATION_SEED, case])
        sample = _sample_of(self._cases[case], self._config, rng, {}, case, plain=True)
        return sample | {"counts": torch.tensor(index < len(self))}


def _sample_of(
    tensors: dict[str, Tensor],
    config: TrainingConfig,
    rng: np.random.Generator,
    frames: dict[int, SkullFrame],
    index: int,
    *,
    plain: bool,
) -> Batch:
    """Return what ``draw_sample`` does, also of a case that is on the grid already."""
    augmentation = config.augmentation
    if plain:
        augmentation = replace(_NO_AUGMENTATION, defects=augmentation.defects)
    if "defective" in tensors:
        defective, complete = (tensors[name][None].float() / 255 for name in ("defective", "complete"))
        flips = rng.random(2) < (augmentation.flip_left_right, augmentation.flip_front_back)
        axes = [axis + 1 for axis, flip in enumerate(flips) if flip]
        defective, complete = defective.flip(axes), complete.flip(axes)
        inputs = tensors["labels"][None].float().flip(axes) if "labels" in tensors else defective
    else:
        skull = PreparedSkull.unpacked(tensors)
        if index not in frames:
            frames[index] = skull_frame(skull.complete, skull.turn)
        return draw_sample(skull, frames[index], augmentation, rng, grid=config.data.grid, shape=config.data.shape)
    return {"input": inputs, "defective": defective, "complete": complete}
