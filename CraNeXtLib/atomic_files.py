"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from CraNeXtLib.errors import InputError


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


def _umask() -> int:
    """Return the process's umask, which mkstemp ignores."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
