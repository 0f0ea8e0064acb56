"""Voxels in files of their own, beside the header that names them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError, check_end, decompressed, fill, opened, skip

_MOST_FILES = 100_000


def named_files(header: Path, named: str, listed: Sequence[str]) -> list[Path]:
    """Return the files that a header names, in order.

    Args:
        header: The header's file, beside which they are.
        named: What it says: a name; a pattern with first number, last number and step; or ``LIST``.
        listed: The names that follow ``LIST``.

    Raises:
        InputError: If it names none, or more than a volume can have.
    """
    if re.match(r"LIST\b", named):
        names = list(listed)
    elif pattern := re.fullmatch(r"([^%]*%0?\d?\d?d[^%]*?)\s+(-?\d{1,9})\s+(-?\d{1,9})\s+(-?\d{1,9})(\s+\d+)?", named):
        first, last, step = (int(pattern[group]) for group in (2, 3, 4))
        numbers = range(first, last + (1 if step > 0 else -1), step) if step else range(0)
        if len(numbers) > _MOST_FILES:
            raise InputError(f"{header.name} names {len(numbers):,} data files, more than a volume can have.")
        names = [pattern[1] % number for number in numbers]
    else:
        names = [named]
    if not 1 <= len(names) <= _MOST_FILES:
        raise InputError(f"{header.name} names {len(names):,} data files; give a header that names at least one.")
    return [header.parent / name for name in names]


def read_voxels(
    files: Sequence[Path], attached: IO[bytes], target: memoryview, *, encoding: str, lines: int = 0, skipped: int = 0
) -> None:
    """Fill memory with what the data files hold, the same size in each, or with what follows the header.

    Args:
        files: The data files; none if the voxels follow the header.
        attached: The header's file, which stands where the voxels begin.
        target: The memory to fill.
        encoding: See :func:`CraNeXtLib.core.files.reading.decompressed`.
        lines: How many lines come before the voxels in each file.
        skipped: How many bytes come before the voxels after that and decompression; -1 if the voxels are at the end.

    Raises:
        DamagedError: If a file is too short or too long.
        Exception: gzip, zlib and bz2 raise many kinds for a damaged file.
    """
    if not files:
        _read_part(attached, target, encoding, lines, skipped)
        return
    size, rest = divmod(len(target), len(files))
    if rest:
        raise DamagedError("The voxels cannot be distributed over the data files.")
    for number, path in enumerate(files):
        with opened(path) as file:
            _read_part(file, target[number * size : (number + 1) * size], encoding, lines, skipped)


def _read_part(file: IO[bytes], target: memoryview, encoding: str, lines: int, skipped: int) -> None:
    for _ in range(lines):
        if not file.readline():
            raise DamagedError("The file is too short.")
    stream = decompressed(file, encoding)
    if skipped < 0:
        stream.seek(-len(target), 2)
    else:
        skip(stream, skipped)
    fill(stream, target)
    check_end(stream)


def numbers_of(text: bytes, shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return voxels that are written as text, the first axis fastest.

    Raises:
        ValueError: If they are no numbers, or not as many as the shape has.
    """
    return np.array(text.split(), dtype=bytes).astype(dtype).reshape(tuple(shape), order="F")
