"""The files of a folder with their hashes."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.cases.released_folder import RELEASE_FILE
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.core.files.reading import file_size
from CraNeXtLib.core.files.staging import HIDDEN

_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""What file managers write into a folder that somebody only looks at."""

LINK = "link"
"""Stands in place of the hash of a link: what it points to may lie outside the folder and change unnoticed."""


def hashes_of(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of all files in a folder and its sub-folders, by path from the folder, with slashes.

    The release itself, temporary folders of runs, and what file managers leave are left out. A link has the hash
    ``LINK``, and what is behind it is not looked at.

    Raises:
        InputError: If a file cannot be read, or is a pipe or device.
    """
    hashes = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        own = inner.as_posix() == RELEASE_FILE or any(part.startswith(HIDDEN) for part in inner.parts)
        if own or path.name in _OF_THE_SYSTEM:
            continue
        if path.is_symlink():
            hashes[inner.as_posix()] = LINK
            continue
        if path.is_dir():
            continue
        file_size(path)  # refuses what never ends
        try:
            hashes[inner.as_posix()] = sha256_of(path)
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror or error}; check its permissions.") from error
    return hashes
