"""The folder that one run fills: its files appear together or not at all, and one JSON file describes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.core.files.atomic import filling
from CraNeXtLib.core.files.text import json_text


@dataclass(frozen=True)
class CaseFolder:
    """A folder while a run fills it.

    Args:
        path: Temporary folder to write the run's files into.
        description_name: Name of the JSON file that describes the run, such as ``result.json``.
    """

    path: Path
    description_name: str

    def write_description(
        self, content: Mapping[str, Any], *, files: Sequence[str] | None = None, indent: int = 2
    ) -> dict[str, Any]:
        """Write the JSON file that describes the run, as the last of its files.

        Args:
            content: The description; infinite and undefined numbers become null.
            files: File names to list; by default every file in the folder and the JSON file itself, sorted.
            indent: Spaces for each level of the JSON.

        Returns:
            The content with ``files``.
        """
        if files is None:
            files = sorted({path.name for path in self.path.iterdir()} | {self.description_name})
        described = {**content, "files": list(files)}
        (self.path / self.description_name).write_text(json_text(described, indent=indent), encoding="utf-8")
        return described


@contextmanager
def case_folder(out: str | Path, description_name: str) -> Iterator[CaseFolder]:
    """Provide the folder of one run; its files move to ``out`` together when the block ends without an error.

    Args:
        out: Folder for the results, created if it does not exist.
        description_name: Name of the JSON file that describes the run.

    Raises:
        InputError: If the folder cannot be written; the files that were in it remain.
    """
    with filling(out) as path:
        yield CaseFolder(path, description_name)
