"""Hashes of files."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """Return a SHA-256 of a file, or of the names and content of all files in a folder and its sub-folders.

    It is empty if there is nothing to read, so that a missing input differs from every other one.
    """
    try:
        if not path.is_dir():
            return sha256_of(path) if path.is_file() else ""
        digest = hashlib.sha256()
        for file in sorted(file for file in path.rglob("*") if file.is_file()):
            digest.update(f"{file.relative_to(path).as_posix()}\n{sha256_of(file)}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()
    except OSError:
        return ""
