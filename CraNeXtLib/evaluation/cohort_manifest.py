"""The manifest of an evaluation: which implants are measured against which references.

It is a CSV file with a header line, or a JSON list of objects, of these columns; paths are relative to it.

================= =====================================================================================
case              Name of the case, required and unique.
implant           File of the implant to measure, required.
reference         File of the implant that should have been made, required.
skull             File of the defective skull, required.
subject           The person, so that all defects of one skull count together; by default, the case's name.
region            Region of the defect, or several with ``;`` between them.
kind              Kind of defect.
orientation Directions of the files' array axes, such as ``LPS``, for files whose header lacks them.
segment           Segment or label of the skull, if its file holds several; or several with commas.
implant_segment   Segment or label of the implant, likewise.
reference_segment Segment or label of the reference, likewise.
================= =====================================================================================

Instead of a manifest, a folder may hold one folder per case with ``implant``, ``reference`` and ``skull`` in it, each
as a volume or mesh file, such as ``implant.nrrd`` or ``implant.stl``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.names import check_name
from CraNeXtLib.core.files.table_reading import path_in, read_table
from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SUFFIXES
from CraNeXtLib.geometry.volume_formats.volume_suffixes import VOLUME_SUFFIXES

ROLES = ("implant", "reference", "skull")


@dataclass(frozen=True, kw_only=True)
class EvaluationCase:
    """One line of a manifest, with absolute paths; see the module's docstring."""

    case: str
    implant: Path
    reference: Path
    skull: Path
    subject: str = ""
    region: str = ""
    kind: str = ""
    orientation: str = ""
    segment: str = ""
    implant_segment: str = ""
    reference_segment: str = ""


def read_cases(source: str | Path) -> list[EvaluationCase]:
    """Read a manifest, or list the complete cases of a folder.

    Raises:
        InputError: If there are no cases, a line is incomplete, or a name is duplicated or cannot be a file name.
    """
    source = Path(source)
    cases = _cases_of_folder(source) if source.is_dir() else _cases_of_manifest(source)
    if not cases:
        raise InputError(f"{source} lists no cases; each case needs an implant, a reference and a skull.")
    seen: set[str] = set()
    for case in cases:
        if case.case in seen:
            raise InputError(f"{source.name} lists the case {case.case} twice; give each case its own name.")
        check_name(case.case)
        seen.add(case.case)
    return cases


def _cases_of_folder(folder: Path) -> list[EvaluationCase]:
    cases = []
    for member in sorted(child for child in folder.iterdir() if child.is_dir()):
        files = [_volume_file(member, role) for role in ROLES]
        implant, reference, skull = (file and file.absolute() for file in files)
        if implant and reference and skull:
            cases.append(EvaluationCase(case=member.name, implant=implant, reference=reference, skull=skull))
    return cases


def _volume_file(folder: Path, role: str) -> Path | None:
    """Return the first file of a folder that holds the volume of a role."""
    return next(
        (file for suffix in (*VOLUME_SUFFIXES, *MESH_SUFFIXES) if (file := folder / f"{role}{suffix}").is_file()), None
    )


def _cases_of_manifest(path: Path) -> list[EvaluationCase]:
    cases = []
    for number, cells in read_table(path, tuple(field.name for field in fields(EvaluationCase))):
        missing = [name for name in ("case", *ROLES) if name not in cells]
        if missing:
            raise InputError(f"{path.name}, line {number}: no {missing[0]}.")
        implant, reference, skull = (path_in(path.parent, cells.pop(role)) for role in ROLES)
        cases.append(EvaluationCase(implant=implant, reference=reference, skull=skull, **cells))
    return cases
