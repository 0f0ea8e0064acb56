"""Freezing the folder of a case: the hashes of all of its files in one file, from then on no run writes into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.cases.approval.finished_case import finished_description
from CraNeXtLib.cases.approval.write import SHEET_PAGE, part_files
from CraNeXtLib.cases.case_folder import files_of_run
from CraNeXtLib.cases.release.hashed_files import LINK, hashes_of
from CraNeXtLib.cases.released_folder import RELEASE_FILE, RELEASE_FORMAT, is_released
from CraNeXtLib.cases.result_json import timestamp, versions
from CraNeXtLib.cases.verdict import FITS, contradiction
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.filling import reserved
from CraNeXtLib.core.files.text import json_text, read_text, write_text
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE

_FORMAT_VERSION = 1


def release_case(folder: str | Path, *, accept: str | None = None) -> dict[str, Any]:
    """Release the finished part in the folder of a case: write ``release.json`` with the hashes of all files in it.

    Nothing else is changed. From then on no run writes into the folder, and :func:`check_release` tells which files
    have changed, are missing or were added.

    Args:
        folder: Folder that ``reconstruct_case``, ``finish_case`` or the panel filled; its sub-folders belong to it.
        accept: Why a part is released that does not fit, or whose fit was not judged.

    Returns:
        The content of ``release.json``.

    Raises:
        InputError: If the folder has no finished part, was released before, lacks a file, holds a link, or another part
            than that of its description or approval sheet, or cannot be written; if the description contradicts its
            measurements; or if the part is not known to fit and there is no reason.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}; check the path.")
    if is_released(folder):
        raise InputError(f"{folder} was released before; to release a changed part, write it into another folder.")
    if (folder / RELEASE_FILE).exists():
        raise InputError(f"{folder / RELEASE_FILE} is in the way, which is of another program; move it away.")
    if accept is not None and not (accept.strip() and accept.isprintable()):
        raise InputError("The reason for --accept must be a line of text.")
    with reserved(folder):
        name, description = finished_description(folder)
        verdict = description["verdict"]
        _check_description(name, description)
        if verdict["answer"] != FITS and accept is None:
            raise InputError(f"{verdict['sentence']} Mend it, or give with --accept the reason to release it as it is.")
        missing = sorted(file for file in files_of_run(folder / name) if not (folder / file).is_file())
        if missing:
            raise InputError(f"{', '.join(missing)} is missing from {folder}; make the case again, or restore it.")
        hashes = hashes_of(folder)
        links = [file for file, content in hashes.items() if content == LINK]
        if links:
            raise InputError(
                f"{', '.join(links)} in {folder} is a link; put the file itself there, or remove the link."
            )
        _check_part(name, description, hashes)
        _check_sheet(folder, hashes)
        content = {
            "format": RELEASE_FORMAT,
            "version": _FORMAT_VERSION,
            "notice": RESEARCH_USE_NOTICE,
            "case_id": description["case_id"],
            "created": timestamp(),
            "verdict": verdict,
            "accepted": accept,
            "versions": versions(),
            "sha256": hashes,
        }
        write_text(folder / RELEASE_FILE, json_text(content, indent=2))
    return content


def _check_description(name: str, description: dict[str, Any]) -> None:
    """Refuse a description that was changed so that it contradicts what was measured.

    The measurements themselves are believed: to repeat them would need the skull, which need not be in the folder.
    """
    try:
        wrong = contradiction(description)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{name} is damaged; restore it, or make the part again.") from error
    if wrong is not None:
        raise InputError(
            f"In {name}, {wrong}, contradicts what was measured; restore the file, or make the part again."
        )


def _check_part(name: str, description: dict[str, Any], hashes: dict[str, str]) -> None:
    """Refuse a part that is not the one whose fit was measured."""
    measured = description.get("part")
    if not measured:
        raise InputError(f"{name} is of an earlier version and does not hold its part's hash; make the part again.")
    changed = sorted(file for file, digest in measured.items() if hashes.get(file) != digest)
    if changed:
        raise InputError(
            f"{', '.join(changed)} is not the file that {name} describes; restore it, or make the part again."
        )


def _check_sheet(folder: Path, hashes: dict[str, str]) -> None:
    """Refuse a part that was changed after its approval sheet was written."""
    if SHEET_PAGE not in hashes:
        return
    sheet = read_text(folder / SHEET_PAGE, kind="page")
    for path in part_files(folder):
        if hashes[path.name] not in sheet:
            raise InputError(
                f"{path.name} is not the file whose hash is in {SHEET_PAGE}; restore it, or finish the part again."
            )
