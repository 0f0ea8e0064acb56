"""The data sets of the experiments: A, B, and both together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import SPLITS, DatasetCase, read_manifest, write_manifest
from CraNeXtLib.training.experiments.config import ExperimentConfig
from CraNeXtLib.training.experiments.design import BOTH, A, B


@dataclass(frozen=True)
class TestCase:
    """A test case and its data set.

    Attributes:
        dataset: ``"a"`` or ``"b"``.
        case: The case.
    """

    __test__ = False  # pytest would take it for a test

    dataset: str
    case: DatasetCase

    @property
    def name(self) -> str:
        """Name of the case's files."""
        return f"{self.dataset}-{self.case.name.replace('/', '-')}"


@dataclass(frozen=True)
class Data:
    """The cases of both data sets.

    Attributes:
        cases: By data set, ``"a"`` and ``"b"``.
    """

    cases: dict[str, list[DatasetCase]]

    @classmethod
    def read(cls, config: ExperimentConfig) -> Data:
        """Read the manifests.

        A case without a source gets the name of its data set, so that skulls with the same number stay distinct.

        Raises:
            InputError: If a manifest cannot be used or lacks a split, or a skull is in several splits.
        """
        cases = {}
        for key, manifest in ((A, config.a), (B, config.b)):
            if manifest:
                cases[key] = [replace(c, source=c.source or config.names[key]) for c in read_manifest(manifest)]
                for split in SPLITS:
                    if not any(case.split == split for case in cases[key]):
                        raise InputError(f"{manifest} has no case in the split '{split}'; see cranext dataset make.")
        split_of: dict[tuple[str, str], str] = {}
        for case in (case for listed in cases.values() for case in listed if case.split):
            if split_of.setdefault(case.skull, case.split) != case.split:
                raise InputError(
                    f"Skull {'/'.join(case.skull)} is in the splits {split_of[case.skull]} and {case.split}; keep all "
                    "cases of a skull in one, or its test says nothing."
                )
        return cls(cases)

    def of(self, data: str) -> list[DatasetCase]:
        """Return the cases of ``"a"``, ``"b"`` or ``"ab"``."""
        return [case for key in data for case in self.cases[key]]

    def test_cases(self) -> list[TestCase]:
        """Return the cases that every cell is tested on, those of A first.

        Raises:
            InputError: If two cases have the same name.
        """
        found = [
            TestCase(key, case)
            for key, cases in self.cases.items()
            for case in cases
            if case.split == "test" and case.has_defect
        ]
        names = [test.name for test in found]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"Two test cases are called {twice}; give their defects different kinds.")
        return found

    def write(self, folder: Path) -> None:
        """Write the manifests that the cells train with, those of A, B and both, unless they exist."""
        for data in (key for key in (A, B, BOTH) if set(key) <= set(self.cases)):
            if not manifest_of(folder, data).is_file():
                write_manifest(self.of(data), manifest_of(folder, data))


def manifest_of(folder: Path, data: str) -> Path:
    """Return the manifest of ``"a"``, ``"b"`` or ``"ab"`` in the experiments' folder."""
    return folder / "data" / f"{data}.csv"
