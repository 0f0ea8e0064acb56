"""Opening the files that a user names: regular files only, and streams that end where they should."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from CraNeXtLib.core.errors import InputError

_CHUNK = 1 << 24
_ZLIB_CHUNK = 1 << 20


class DamagedError(Exception):
    """A stream is shorter or longer than it should be."""


def file_size(path: Path) -> int:
    """Return the size of a regular file in bytes.

    Raises:
        InputError: If there is no such file, or it is a folder, or a pipe or device, which might never end.
    """
    try:
        status = path.stat()
    except PermissionError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}; check its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character
        raise InputError(f"There is no file {shortened(path)}; check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path.name} is a folder; give a file.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path.name} is a pipe or a device, not a file; save its content as a file first.")
    return status.st_size


def is_file(path: Path) -> bool:
    """Return whether there is such a file; there is none whose name is too long or holds a null character."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def real_path(path: Path) -> Path:
    """Return a path without links; unlike ``Path.resolve``, it does not fail for links that form a circle."""
    return Path(os.path.realpath(path))


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a regular file for reading.

    Raises:
        InputError: As :func:`file_size`, or if the file cannot be opened.
    """
    file_size(path)
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}; check its permissions.") from error
    with file:
        yield file


def decompressed(file: IO[bytes], encoding: str) -> IO[bytes]:
    """Return a stream of the decompressed content from where a file stands.

    Reading past the last byte checks the checksum, so always end with :func:`check_end`.

    Args:
        file: A file opened by :func:`opened`.
        encoding: ``"raw"``, ``"gzip"``, ``"zlib"`` or ``"bzip2"``.
    """
    if encoding == "gzip":
        return gzip.GzipFile(fileobj=file, mode="rb")  # type: ignore[return-value]  # an IO in all but name
    if encoding == "zlib":
        return _ZlibStream(file)  # type: ignore[return-value]  # likewise
    return bz2.BZ2File(file, "rb") if encoding == "bzip2" else file


class _ZlibStream(io.RawIOBase):
    """The decompressed content of a zlib stream, for which Python's library has no file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decompressor = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the stream goes on without waiting for more of the file."""
        while not self._decompressor.eof:
            part = self._decompressor.unconsumed_tail or self._file.read(_ZLIB_CHUNK)
            if not part:
                raise DamagedError("The compressed stream is too short.")
            content = self._decompressor.decompress(part, len(buffer))
            if content:
                buffer[: len(content)] = content
                return len(content)
        if self._decompressor.unused_data or self._file.read(1):
            raise DamagedError("Something follows the compressed stream.")
        return 0


def fill(stream: IO[bytes], buffer: memoryview) -> None:
    """Read exactly as many bytes as the buffer holds.

    Raises:
        DamagedError: If the stream ends before.
    """
    start = 0
    while start < len(buffer):
        count = stream.readinto(buffer[start : start + _CHUNK])  # type: ignore[attr-defined]  # every binary stream has it
        if not count:
            raise DamagedError("The stream is too short.")
        start += count


def skip(stream: IO[bytes], count: int) -> None:
    """Read and discard bytes.

    Raises:
        DamagedError: If the stream ends before.
    """
    while count > 0:
        read = len(stream.read(min(count, _CHUNK)))
        if not read:
            raise DamagedError("The stream is too short.")
        count -= read


def check_end(stream: IO[bytes]) -> None:
    """Check that nothing follows, which for a compressed stream also checks its checksum.

    Raises:
        DamagedError: If something follows.
        OSError: If the checksum is wrong; also EOFError and zlib.error.
    """
    if stream.read(1):
        raise DamagedError("The stream is too long.")


def shortened(path: Path) -> str:
    """Return a path for a message; of a very long one, only its end."""
    text = repr(str(path))[1:-1]
    return text if len(text) <= 300 else f"…{text[-100:]}"
