"""The approval sheet of a part once more, now that its mold is made: the work of ``cranext sheet``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.cases.approval.finished_case import finished_description
from CraNeXtLib.cases.approval.write import PRINTED, SHEET_PICTURE, part_files, write_approval_sheet
from CraNeXtLib.cases.case_folder import files_of_run
from CraNeXtLib.cases.released_folder import refuse_released
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.text import read_json

_MOLD_FILE = "mold.json"


def sheet_with_mold(case: str | Path, mold: str | Path) -> dict[str, Any]:
    """Write the approval sheet of a case again, with the hashes of the mold's files and what it warns of.

    Args:
        case: Folder of a finished part with its approval sheet.
        mold: Folder that ``mold_case`` filled, for this part.

    Returns:
        The content of the part's description.

    Raises:
        InputError: If the case has no finished part or no sheet or was released, the folder of the mold lacks a file,
            the mold is another part's, or the sheet cannot be written.
    """
    case, mold = Path(case), Path(mold)
    _, result = finished_description(case)
    refuse_released(case)
    if not (case / SHEET_PICTURE).is_file():
        raise InputError(f"{case} has no {SHEET_PICTURE}, since it was made without a report; make it again with one.")
    description = _mold_of(mold, {sha256_of(path) for path in part_files(case)})
    with filling(case) as new:
        write_approval_sheet(result, case, out=new, mold=description, mold_hashes=_hashes(mold))
    return result


def _mold_of(folder: Path, parts: set[str]) -> dict[str, Any]:
    """Return the description of a mold that was made for one of the parts of these hashes."""
    if not (folder / _MOLD_FILE).is_file():
        raise InputError(f"{folder} has no {_MOLD_FILE}; give the folder that cranext mold wrote into.")
    content = read_json(folder / _MOLD_FILE)
    if not isinstance(content, dict) or content.get("format") != "cranext-mold":
        raise InputError(f"{folder / _MOLD_FILE} describes no mold; give the folder that cranext mold wrote into.")
    if content["input"]["part"]["sha256"] not in parts:
        raise InputError(f"The mold in {folder} was made for another part; make it again from the part of this case.")
    return content


def _hashes(folder: Path) -> dict[str, str]:
    names = sorted(name for name in files_of_run(folder / _MOLD_FILE) if Path(name).suffix in PRINTED)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{', '.join(missing)} is missing from {folder}; make the mold again.")
    return {name: sha256_of(folder / name) for name in names}
