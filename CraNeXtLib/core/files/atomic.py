"""Files and folders that appear whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.staging import HIDDEN, folder_for_files, give_usual_mode, staging


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's errors in a block that writes to ``path`` into InputErrors."""
    if "\0" in str(path):
        raise InputError(f"{str(path)!r} cannot be a path; leave out the NUL character.")
    try:
        yield
    except OSError as error:
        shown = Path(*(part for part in path.parts if not part.startswith(HIDDEN)))
        raise InputError(f"Cannot write to {shown}: {error.strerror or error}; choose another folder.") from error


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path with the same name, which replaces ``path`` if the block ends without an error.

    Raises:
        InputError: If the file cannot be written; an older file at ``path`` is left as it was.
    """
    path = Path(path)
    with writing(path), folder_for_files(path.parent), staging(path.parent) as folder:
        yield folder / path.name
        give_usual_mode(folder / path.name)
        (folder / path.name).replace(path)


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder, which becomes ``path`` if the block ends without an error.

    Raises:
        InputError: If ``path`` already exists, or the folder cannot be written.
    """
    path = Path(path)
    with writing(path):
        if path.exists():
            raise InputError(f"{path} already exists; choose another name or delete it.")
        with folder_for_files(path.parent), staging(path.parent) as folder:
            (folder / path.name).mkdir()
            yield folder / path.name
            (folder / path.name).rename(path)
