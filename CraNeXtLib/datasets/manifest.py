"""A data set of skulls: its manifest, and the masks of one case.

The manifest is a CSV file with a header line, or a JSON list of objects, with these columns. Cells may be empty unless
they are required; paths are relative to the manifest.

=========== ==========================================================================================================
subject     Name of the skull, required; cases of one source and subject are defects of one skull.
kind        Kind of defect, such as ``parieto-temporal``.
defective   File of the defective skull.
complete    File of the complete skull; required if there is no implant. Alone, it serves to cut synthetic defects into.
implant     File of the implant. Of the three files any two are enough.
source      Where the skull comes from, such as ``skullbreak``.
split       ``training``, ``validation`` or ``test``.
orientation Where the files' array axes point, such as ``LPS``, for files whose header lacks it.
=========== ==========================================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError, rename_settings, shown
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.table_reading import path_in, read_table
from CraNeXtLib.core.files.text import json_text
from CraNeXtLib.geometry import volume_files
from CraNeXtLib.geometry.lattice import box_on_lattice, on_one_grid
from CraNeXtLib.geometry.volume import Volume

SPLITS = ("training", "validation", "test")
ROLES = ("defective", "complete", "implant")
IN_A_MANIFEST = {
    "--orientation": "the manifest's column orientation",
    "choose one with --segment, or several, such as 1,2": "save one as a mask of its own",
    "choose one with --segment": "save one as a mask of its own",
}
"""Replacements for the command line's options in messages about the files of a data set."""


@dataclass(frozen=True, kw_only=True)
class DatasetCase:
    """One line of a manifest, with absolute paths; see the module's docstring.

    Raises:
        InputError: If a value is not allowed, or the complete skull does not follow from the files.
    """

    subject: str
    kind: str = ""
    defective: Path | None = None
    complete: Path | None = None
    implant: Path | None = None
    source: str = ""
    split: str = ""
    orientation: str = ""

    def __post_init__(self) -> None:
        if not self.subject:
            raise InputError("A case has no subject; name its skull in the column 'subject'.")
        if self.split and self.split not in SPLITS:
            raise InputError(f"Case {self.name} has the split {shown(self.split)}; choose one of {', '.join(SPLITS)}.")
        if self.complete is None and (self.defective is None or self.implant is None):
            raise InputError(f"Case {self.name} needs a complete skull, or a defective skull and its implant.")

    @property
    def name(self) -> str:
        """Name of the case in messages, such as ``skullbreak/001/bilateral``."""
        return "/".join(part for part in (self.source, self.subject, self.kind) if part)

    @property
    def skull(self) -> tuple[str, str]:
        """Source and subject: the same for all defects of one skull."""
        return self.source, self.subject

    @property
    def has_defect(self) -> bool:
        """Whether the case is a pair, not just a complete skull."""
        return self.defective is not None or self.implant is not None

    def files(self) -> dict[str, Path]:
        """Return the files that exist for the case, by role."""
        return {role: getattr(self, role) for role in ROLES if getattr(self, role) is not None}


@dataclass(frozen=True, eq=False)
class SkullPair:
    """The masks of one case, bool and of one geometry; without a defect, the implant is empty."""

    complete: Volume
    defective: Volume
    implant: Volume


def load_case(case: DatasetCase) -> SkullPair:
    """Read a case's masks; the one that has no file follows from the other two.

    Raises:
        InputError: If a file cannot be read, is no mask, or its geometry differs from the others'.
    """
    masks = {role: read_mask(path, case.orientation) for role, path in case.files().items()}
    first = next(iter(masks))
    for role, mask in masks.items():
        if box_on_lattice(mask, masks[first]) is None:
            raise InputError(f"Case {case.name}: {role} and {first} differ in spacing, directions or position.")
    masks = dict(zip(masks, on_one_grid(*masks.values()), strict=True))
    voxels = {role: mask.voxels for role, mask in masks.items()}
    if "complete" not in voxels:
        voxels["complete"] = voxels["defective"] | voxels["implant"]
    if "implant" not in voxels:
        defective = voxels.get("defective", voxels["complete"])
        voxels["implant"] = voxels["complete"] & ~defective
    if "defective" not in voxels:
        voxels["defective"] = voxels["complete"] & ~voxels["implant"]
    return SkullPair(**{role: masks[first].with_voxels(voxels[role]) for role in ROLES})


def read_mask(path: Path, orientation: str = "") -> Volume:
    """Read a file that holds zero and one other value, as bool.

    Raises:
        InputError: If it cannot be read or holds anything else.
    """
    try:
        return volume_files.read_mask(path, orientation=orientation or None)
    except InputError as error:
        raise InputError(rename_settings(str(error), IN_A_MANIFEST)) from error


def read_manifest(path: str | Path) -> list[DatasetCase]:
    """Read a manifest, CSV or JSON, without checking that its files exist.

    Raises:
        InputError: If it cannot be read; the message names a bad line.
    """
    path = Path(path)
    cases = []
    for number, cells in read_table(path, tuple(field.name for field in fields(DatasetCase))):
        try:
            paths = {role: os.path.normpath(path_in(path.parent, cells[role])) for role in ROLES if role in cells}
            values: dict[str, Any] = {"subject": ""} | cells | {role: Path(text) for role, text in paths.items()}
            cases.append(DatasetCase(**values))
        except InputError as error:
            raise InputError(f"{path.name}, line {number}: {error}") from error
    if not cases:
        raise InputError(f"{path.name} lists no cases.")
    return cases


def write_manifest(cases: Iterable[DatasetCase], path: str | Path) -> None:
    """Write a manifest, CSV or JSON by the suffix.

    Raises:
        InputError: If the suffix is another, or the file cannot be written.
    """
    path = Path(path)
    folder = path.parent.absolute()
    rows = [
        {key: _relative(value, folder) if key in ROLES else value for key, value in asdict(case).items()}
        for case in cases
    ]
    if path.suffix.lower() == ".json":
        text = json_text([{k: v for k, v in row.items() if v} for row in rows])
    elif path.suffix.lower() == ".csv":
        text = csv_text(rows, [field.name for field in fields(DatasetCase)])
    else:
        raise InputError(f"The manifest {path.name} must end in .csv or .json.")
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def split_by_skull(
    cases: Iterable[DatasetCase],
    *,
    validation: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    same_skull: Iterable[tuple[tuple[str, str], tuple[str, str]]] = (),
) -> list[DatasetCase]:
    """Assign the splits at random, all cases of a skull to one.

    Args:
        cases: The cases; a split that they have already is overwritten.
        validation: Fraction of the skulls to validate on.
        test: Fraction of the skulls to test on.
        seed: The same seed gives the same split, whatever the cases' order.
        same_skull: Pairs of skulls (source, subject) that are duplicates and must stay in one split.

    Raises:
        InputError: If the fractions leave nothing to train on.
    """
    cases = list(cases)
    if min(validation, test) < 0 or validation + test >= 1:
        raise InputError("The validation and test fractions must not be negative and must leave skulls for training.")
    group = {skull: skull for skull in sorted({case.skull for case in cases})}
    for first, second in same_skull:
        if first in group and second in group:
            kept, joined = sorted((group[first], group[second]))
            group = {skull: kept if leader == joined else leader for skull, leader in group.items()}
    leaders = sorted(set(group.values()))
    leaders = [leaders[number] for number in np.random.default_rng(seed).permutation(len(leaders))]
    counts = [int(np.ceil(len(leaders) * fraction - 1e-9)) for fraction in (validation, test)]
    if sum(counts) >= len(leaders):
        raise InputError(f"{len(leaders)} skulls are too few for these validation and test fractions.")
    names = ["validation"] * counts[0] + ["test"] * counts[1]
    names += ["training"] * (len(leaders) - len(names))
    split = dict(zip(leaders, names, strict=True))
    return [replace(case, split=split[group[case.skull]]) for case in cases]


def split_as(cases: Iterable[DatasetCase], subjects: Mapping[str, Iterable[str]]) -> list[DatasetCase]:
    """Assign the splits that a model was made with; skulls that it does not list get none.

    Args:
        cases: The cases; a split that they have already is overwritten.
        subjects: The skulls of each split, as in the model's description.

    Raises:
        InputError: If it lists none of the skulls.
    """
    split_of = {subject: split for split, members in subjects.items() for subject in members}
    cases = [replace(case, split=split_of.get(case.subject, "")) for case in cases]
    if not any(case.split for case in cases):
        raise InputError("The model lists none of these skulls; choose the folder of the data that it was made from.")
    return cases


def _relative(path: Path | None, folder: Path) -> str:
    if path is None:
        return ""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return path.as_posix()
