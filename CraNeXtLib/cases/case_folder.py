"""The folder that one run fills: its files appear together or not at all, and one JSON file describes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.released_folder import refuse_released
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.reading import real_path
from CraNeXtLib.core.files.text import json_text, write_text

DERIVED = ("finish.json", "export.json", "regions.json", "metrics.json")
"""Descriptions of what is made from a reconstructed case; a new reconstruction in their folder replaces them, too."""

_LARGEST_DESCRIPTION = 1 << 26  # bytes


@dataclass(frozen=True)
class CaseFolder:
    """A folder while a run fills it.

    Args:
        path: Temporary folder to write the run's files into.
        description_name: Name of the JSON file that describes the run, such as ``result.json``.
    """

    path: Path
    description_name: str

    def write_description(self, content: Mapping[str, Any], *, indent: int = 2) -> dict[str, Any]:
        """Write the JSON file that describes the run, as the last of its files.

        Args:
            content: The description; infinite and undefined numbers become null.
            indent: Spaces for each level of the JSON.

        Returns:
            The content with ``files``: the names of all files of the run, this one included, sorted.
        """
        files = sorted({path.name for path in self.path.iterdir()} | {self.description_name})
        described = {**content, "files": files}
        (self.path / self.description_name).write_text(json_text(described, indent=indent), encoding="utf-8")
        return described


@contextmanager
def case_folder(
    out: str | Path,
    description_name: str,
    *,
    replaces: Sequence[str] = (),
    inputs: Sequence[str | Path | None] = (),
) -> Iterator[CaseFolder]:
    """Provide the folder of one run; its files move to ``out`` together when the block ends without an error.

    They replace all files that an earlier run of the same kind wrote there, also those that the new run lacks. Nothing
    else is deleted or overwritten.

    Args:
        out: Folder for the results, created if it does not exist.
        description_name: Name of the JSON file that describes the run; it lists the run's files.
        replaces: Names of the descriptions of other kinds whose files disappear, too.
        inputs: Files that the run reads; they stay even if an earlier run wrote them into ``out``.

    Raises:
        InputError: If the folder was released or cannot be written, another run is writing to it, or a file is in the
            way; the files that were in it remain.
    """

    def earlier(folder: Path) -> set[str]:
        refuse_released(folder)
        names = {name for kind in (description_name, *replaces) for name in files_of_run(folder / kind)}
        real = real_path(folder)
        given = [Path(path).absolute() for path in inputs if path and "\0" not in str(path)]
        return names - {path.name for path in given if real_path(path.parent) == real}

    with filling(out, earlier=earlier, last=description_name) as path:
        yield CaseFolder(path, description_name)


def discard_results(out: str | Path, description_name: str, *, replaces: Sequence[str] = ()) -> None:
    """Delete what an earlier run wrote into a folder, all of it or nothing, and nothing else.

    Raises:
        InputError: If a file cannot be deleted, or a run is writing to the folder.
    """
    if Path(out).is_dir():
        with case_folder(out, description_name, replaces=replaces):
            pass
        with suppress(OSError):
            Path(out).rmdir()  # if it is empty


def add_to_files(description: Path, name: str) -> None:
    """List a file that was written beside the description of a finished run, so that the next run replaces it, too.

    Raises:
        InputError: If the description cannot be written.
    """
    content = json.loads(description.read_text(encoding="utf-8"))
    content["files"] = sorted({*content["files"], name})
    write_text(description, json_text(content, indent=2))


def files_of_run(description: Path) -> set[str]:
    """Return the names of the files that a run wrote beside its description, which is one of them.

    Names that are not plain file names are left out, since anybody can write such a file. The result is empty if the
    file is no description.
    """
    try:
        if description.stat().st_size > _LARGEST_DESCRIPTION:
            return set()
        content = json.loads(description.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return set()
    if not isinstance(content, dict) or not str(content.get("format", "")).startswith("cranext-"):
        return set()
    listed = content.get("files")
    names = {name for name in listed if isinstance(name, str)} if isinstance(listed, list) else set()
    return {name for name in names if _is_plain(name)} | {description.name}


def _is_plain(name: str) -> bool:
    return not name.startswith(".") and not set(name) & set("/\\:\0") and bool(name.strip())
