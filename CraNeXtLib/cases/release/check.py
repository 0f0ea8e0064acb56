"""Noticing what has changed in the folder of a released case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.release.hashed_files import hashes_of
from CraNeXtLib.cases.released_folder import RELEASE_FILE, RELEASE_FORMAT
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_json


@dataclass(frozen=True)
class ReleaseCheck:
    """How a released folder differs from what was released; files by their paths in it, sorted.

    Args:
        release: Content of ``release.json``.
        changed: Files with another content.
        missing: Files that are no longer there.
        added: Files that were not there.
    """

    release: dict[str, Any]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether the folder is as it was released."""
        return not (self.changed or self.missing or self.added)


def check_release(folder: str | Path) -> ReleaseCheck:
    """Compare a released folder with the hashes in its ``release.json``.

    Args:
        folder: The folder.

    Raises:
        InputError: If the folder was not released, its release is damaged, or a file cannot be read.
    """
    folder = Path(folder)
    if not (folder / RELEASE_FILE).is_file():
        raise InputError(f"{folder} has no {RELEASE_FILE}; release it first, with cranext release.")
    release = read_json(folder / RELEASE_FILE)
    known = isinstance(release, dict) and release.get("format") == RELEASE_FORMAT
    hashes = release.get("sha256") if known else None
    if not isinstance(hashes, dict):
        raise InputError(f"{folder / RELEASE_FILE} is no release; restore the file that cranext release wrote.")
    present = hashes_of(folder)
    return ReleaseCheck(
        release,
        changed=tuple(sorted(name for name in hashes.keys() & present.keys() if hashes[name] != present[name])),
        missing=tuple(sorted(hashes.keys() - present.keys())),
        added=tuple(sorted(present.keys() - hashes.keys())),
    )
