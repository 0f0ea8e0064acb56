"""From a manifest to batches: cases are prepared once and cached, and samples are drawn by their number alone.

Sample ``n`` of a run depends on the seed and ``n``, and on nothing else: not on the process that makes it, on the
number of processes, or on whether the run was interrupted. So a resumed run needs no saved random states.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import writing
from CraNeXtLib.core.files.filling import clean
from CraNeXtLib.core.progress import ProgressCallback
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest
from CraNeXtLib.training.config import TrainingConfig
from CraNeXtLib.training.samples.input_kind import input_kind
from CraNeXtLib.training.samples.kept_on_disk import NotKeptError
from CraNeXtLib.training.samples.numbered_samples import Batch, NumberedSampler, TrainingSamples, ValidationSamples
from CraNeXtLib.training.samples.prepared_cases import PreparedCases


class CompletionData(LightningDataModule):
    """Training and validation samples of a manifest.

    Args:
        config: The run's configuration.
        cache: Folder for prepared cases.
        report: Called with a sentence for each case that is left out.
        progress: Called with the name of the case that is being prepared, and the fraction done.

    Attributes:
        kind: The input of the network.
        cases: The prepared cases of the splits training and validation.

    Raises:
        InputError: If the manifest cannot be used, or ``cache`` cannot be a folder.
    """

    trainer: Trainer

    def __init__(
        self,
        config: TrainingConfig,
        cache: Path,
        report: Callable[[str], None] = print,
        progress: ProgressCallback | None = None,
    ) -> None:
        super().__init__()
        self.config, self.kind = config, input_kind(config)
        self._left_out: set[DatasetCase] = set()
        self._report, self._progress = report, progress or (lambda _stage, _fraction: None)
        if not config.data.manifest:
            raise InputError("data.manifest names no data set; make one with: cranext dataset.")
        manifests = (config.data.manifest, *config.data.more_manifests)
        self._listed = [case for manifest in manifests for case in read_manifest(manifest)]
        with writing(cache):
            cache.mkdir(parents=True, exist_ok=True)
        clean(cache)
        self._cache = cache
        self.cases = {name: PreparedCases(self.kind, cache) for name in ("training", "validation")}

    def prepare_data(self) -> None:
        """Fill the cache. Each process of the run starts with another case, so that they share the work.

        Raises:
            InputError: If a case cannot be used and ``data.on_bad_case`` is stop.
        """
        if len(self.cases["training"]):
            return
        shared = PreparedCases(self.kind, self._cache)
        wanted = [case for case in self._listed if case.split in self.cases]
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
        """Prepare the first training cases only.

        Returns:
            The number of cases to train on, and to validate on.

        Raises:
            InputError: If a split is empty, or none of the first cases can be used.
        """
        training = self._split("training")
        for case in training[:count]:
            self._progress(f"Preparing {case.name}", 0.0)
            self._add(case, self.cases["training"])
        if not len(self.cases["training"]):
            raise InputError(f"The first training cases in {self.config.data.manifest} cannot be used.")
        return len(training), len(self._split("validation"))

    def used(self, split: str) -> list[DatasetCase]:
        """Return the cases of a split without those that were left out."""
        return [case for case in self._split(split) if case not in self._left_out]

    def _split(self, name: str) -> list[DatasetCase]:
        """Return the cases of a split.

        Raises:
            InputError: If there are none.
        """
        cases = [case for case in self._listed if case.split == name]
        if not cases:
            raise InputError(f"{self.config.data.manifest} has no case in the split '{name}'.")
        return cases

    def _add(self, case: DatasetCase, prepared: PreparedCases) -> None:
        if case in self._left_out:
            return
        try:
            prepared.add(case)
        except NotKeptError:  # a full disk is no reason to train on fewer cases
            raise
        except InputError as error:
            if self.config.data.on_bad_case == "stop":
                raise InputError(f"{error} Fix case {case.name}, or set data.on_bad_case to skip.") from error
            self._left_out.add(case)
            self._report(f"Left out case {case.name}: {error}")

    @property
    def sha256(self) -> str:
        """Hash of the contents of all files of the cases in use."""
        hashes = sorted(key for prepared in self.cases.values() for key in prepared.content)
        return hashlib.sha256("".join(hashes).encode()).hexdigest()

    @property
    def samples_per_epoch(self) -> int:
        """Number of samples in an epoch, over all processes."""
        return self.config.run.samples_per_epoch or len(self.cases["training"])

    def training_samples(self) -> TrainingSamples:
        """Return the samples of the training cases by number."""
        maker = self.kind.sample_maker(self.cases["training"], self._cache, training=True)
        return TrainingSamples(maker, self.config.run.seed)

    def validation_samples(self, split: str) -> ValidationSamples:
        """Return one sample of each case of a split."""
        return ValidationSamples(self.kind.sample_maker(self.cases[split], self._cache, training=False))

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the batches of one epoch."""
        batch, workers = self.config.run.batch_size, self.config.data.workers
        sampler = NumberedSampler(self.samples_per_epoch, batch, self.trainer.global_rank, self.trainer.world_size)
        samples = self.training_samples()
        return DataLoader(samples, batch, sampler=sampler, num_workers=workers, persistent_workers=workers > 0)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return this process's share of the validation cases, one by one; all shares have the same length."""
        samples, processes = self.validation_samples("validation"), self.trainer.world_size
        numbers = range(self.trainer.global_rank, -(-len(samples) // processes) * processes, processes)
        return DataLoader(samples, 1, sampler=list(numbers))
