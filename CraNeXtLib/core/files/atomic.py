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
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path of the same suffixes, which replaces ``path`` when the block ends without an error.

    Raises:
        InputError: If the folder or the disk refuses the file; what stood at ``path`` is still there.
    """
    path = Path(path)
    suffix = "".join(path.suffixes[-2:])
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name.split('.')[0]}-", suffix=suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror or error}; choose another folder.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Give a temporary folder, which becomes ``path`` when the block ends without an error.

    Raises:
        InputError: If there is something at ``path`` already, or the disk refuses the folder.
    """
    path = Path(path)
    if path.exists():
        raise InputError(f"{path} exists already; choose another name or delete it.")
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        temporary.rename(path)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror or error}; choose another folder.") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def filling(folder: str | Path) -> Iterator[Path]:
    """Give a temporary folder, whose files move into ``folder`` when the block ends without an error.

    Raises:
        InputError: If the folder or the disk refuses; files that stood in the folder are still there.
    """
    folder = Path(folder)
    created = not folder.exists()
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A job names the folder, so that it can be removed even if the process is killed.
        job = os.environ.get("CRANEXT_JOB", "cranext")
        temporary = Path(tempfile.mkdtemp(prefix=f".{job}-", dir=folder))
        yield temporary
        for file in sorted(temporary.iterdir()):
            file.chmod(0o666 & ~_umask())
            file.replace(folder / file.name)
    except OSError as error:
        raise InputError(f"Cannot write to {folder}: {error.strerror or error}; choose another folder.") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        if created and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _umask() -> int:
    """Return the process's umask, which mkstemp ignores."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
