"""The cases of a batch: from a folder or a table.

The table is a CSV file with a header line and these columns; paths are relative to it.

================= =====================================================================================
case              Name of the case, required and unique; also the name of its folder.
skull             File of the defective skull or of a CT, or folder of a DICOM series, required.
reference_implant File of the true implant, to measure the result against.
orientation       Where the file's array axes point, such as ``LPS``, if its header lacks it.
segment           Segment or label to read from the skull's file, or several with commas.
reference_segment Segment or label to read from the file of the true implant, likewise.
================= =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

from CraNeXtLib.cases.case_settings import CaseSettings
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.names import check_name
from CraNeXtLib.core.files.table_reading import path_in, read_table
from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SUFFIXES, is_mesh_name
from CraNeXtLib.geometry.volume_formats.volume_suffixes import VOLUME_SUFFIXES, volume_suffix


@dataclass(frozen=True, kw_only=True)
class BatchCase:
    """One case of a batch, with absolute paths; see the module's docstring."""

    case: str
    skull: Path
    reference_implant: Path | None = None
    orientation: str = ""
    segment: str = ""
    reference_segment: str = ""

    def settings(self, common: CaseSettings) -> CaseSettings:
        """Return the common settings with those of this case on top."""
        reference = common.reference_implant if self.reference_implant is None else str(self.reference_implant)
        return replace(
            common,
            orientation=self.orientation or common.orientation,
            segment=self.segment or common.segment,
            reference_segment=self.reference_segment or common.reference_segment,
            reference_implant=reference,
        )


def find_batch_cases(source: str | Path, *, ct: bool = False) -> list[BatchCase]:
    """Read the table, or list the folder, in which every volume file is a case.

    Args:
        source: A ``.csv`` table or a folder.
        ct: Whether every folder inside the folder is a case, too: a DICOM series.

    Raises:
        InputError: If there is no case, a line is incomplete, or a name is duplicated or cannot be a folder name.
    """
    source = Path(source)
    if not source.exists():
        raise InputError(f"There is no folder or table {source}; check the path.")
    cases = _cases_of_folder(source, ct=ct) if source.is_dir() else _cases_of_table(source)
    if not cases:
        suffixes = ", ".join((*VOLUME_SUFFIXES, *MESH_SUFFIXES))
        raise InputError(f"{source} holds no cases; give a folder of {suffixes} files, or a table.")
    seen: set[str] = set()
    for case in cases:
        check_name(case.case)
        if case.case.casefold() in seen:
            raise InputError(f"{source.name} holds the case {case.case} twice; give each case its own name.")
        seen.add(case.case.casefold())
    return cases


def _cases_of_folder(folder: Path, *, ct: bool) -> list[BatchCase]:
    cases = []
    for member in sorted(folder.absolute().iterdir()):
        suffix = volume_suffix(member.name) or (member.suffix if is_mesh_name(member.name) else "")
        if member.name.startswith("."):
            continue
        if member.is_dir() and ct:
            cases.append(BatchCase(case=member.name, skull=member))
        elif member.is_file() and suffix:
            cases.append(BatchCase(case=member.name[: -len(suffix)], skull=member))
    return cases


def _cases_of_table(path: Path) -> list[BatchCase]:
    if path.suffix.lower() != ".csv":
        raise InputError(f"Cannot read {path} as a table of cases: it must end in .csv.")
    cases = []
    for line, cells in read_table(path, tuple(field.name for field in fields(BatchCase))):
        for name in ("case", "skull"):
            if name not in cells:
                raise InputError(f"{path.name}, line {line}: the cell '{name}' is empty.")
        skull, reference = cells.pop("skull"), cells.pop("reference_implant", None)
        cases.append(
            BatchCase(
                skull=path_in(path.parent, skull),
                reference_implant=path_in(path.parent, reference) if reference else None,
                **cells,
            )
        )
    return cases
