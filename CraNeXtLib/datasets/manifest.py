"""The manifest of a data set: which files are the skulls and implants of its cases.

The manifest is a CSV file with a header line, or a JSON list of objects, with these columns. Cells may be empty unless
they are required; paths are relative to the manifest.

================= =================================================================================================
subject           Name of the skull, required; cases of one source and subject are defects of one skull.
kind              Kind of defect, such as ``parieto-temporal``.
defective         File of the defective skull.
complete          File of the complete skull; required if there is no implant. Alone, it serves to cut synthetic
                  defects into.
implant           File of the implant. Of the three files any two are enough.
source            Where the skull comes from, such as ``skullbreak``.
split             ``training``, ``validation`` or ``test``.
orientation       Where the files' array axes point, such as ``LPS``, for files whose header lacks it.
defective_segment Segment or label of the defective skull, if its file holds several; or several with commas.
complete_segment  Segment or label of the complete skull, likewise.
implant_segment   Segment or label of the implant, likewise. All three files may be the same one.
================= =================================================================================================
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError, shown
from CraNeXtLib.core.files.csv_tables import csv_text
from CraNeXtLib.core.files.reading import file_size
from CraNeXtLib.core.files.table_reading import path_in, read_table
from CraNeXtLib.core.files.text import json_text, write_text

SPLITS = ("training", "validation", "test")
ROLES = ("defective", "complete", "implant")


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
    defective_segment: str = ""
    complete_segment: str = ""
    implant_segment: str = ""

    def __post_init__(self) -> None:
        if not self.subject:
            raise InputError("A case has no subject; name its skull in the column 'subject'.")
        if self.split and self.split not in SPLITS:
            raise InputError(f"Case {self.name} has the split {shown(self.split)}; choose one of {', '.join(SPLITS)}.")
        if self.complete is None and (self.defective is None or self.implant is None):
            raise InputError(f"Case {self.name} needs a complete skull, or a defective skull and its implant.")
        for role in ROLES:
            if self.segment_of(role) and role not in self.files():
                raise InputError(f"Case {self.name} has a cell '{role}_segment', but no file in '{role}'.")

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

    def segment_of(self, role: str) -> str:
        """Return the segment to read from the file of a role, empty for the only one."""
        segment: str = getattr(self, f"{role}_segment")
        return segment


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


def check_files(cases: Iterable[DatasetCase]) -> None:
    """Check that the files of cases are there, before anything is written for them.

    Raises:
        InputError: If one is missing, or no regular file.
    """
    for case in cases:
        for path in case.files().values():
            file_size(path)


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
    write_text(path, text)


def _relative(path: Path | None, folder: Path) -> str:
    if path is None:
        return ""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return path.as_posix()
