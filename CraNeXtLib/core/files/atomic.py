"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from CraNeXtLib.core.errors import InputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's errors in a block that writes to ``path`` into InputErrors."""
    try:
        yield
    except OSError as error:
        raise InputError(f"Cannot write to {path}: {error.strerror or error}; choose another folder.") from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path with the same suffixes, which replaces ``path`` if the block ends without an error.

    Raises:
        InputError: If the file cannot be written; an older file at ``path`` is left as it was.
    """
    path = Path(path)
    suffix = "".join(path.suffixes[-2:])
    temporary = None
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{path.name.split('.')[0]}-", suffix=suffix, dir=path.parent)
            os.close(handle)
            temporary = Path(name)
            temporary.chmod(0o666 & ~_umask())
            yield temporary
            temporary.replace(path)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder, which becomes ``path`` if the block ends without an error.

    Raises:
        InputError: If ``path`` already exists, or the folder cannot be written.
    """
    path = Path(path)
    if path.exists():
        raise InputError(f"{path} already exists; choose another name or delete it.")
    temporary = None
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
            temporary.chmod(0o777 & ~_umask())
            yield temporary
            temporary.rename(path)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def filling(folder: str | Path) -> Iterator[Path]:
    """Yield a temporary folder, whose files move into ``folder`` if the block ends without an error.

    Raises:
        InputError: If the folder cannot be written to; older files in it are left as they were.
    """
    folder = Path(folder)
    created = not folder.exists()
    temporary = None
    try:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            # A parent process names its job here, so that it can delete the folder if this process is killed.
            job = os.environ.get("CRANEXT_JOB", "cranext")
            temporary = Path(tempfile.mkdtemp(prefix=f".{job}-", dir=folder))
            yield temporary
            for file in sorted(temporary.iterdir()):
                file.chmod(0o666 & ~_umask())
                file.replace(folder / file.name)
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        if created and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _umask() -> int:
    """Return the process's umask, which ``mkstemp`` and ``mkdtemp`` ignore."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
