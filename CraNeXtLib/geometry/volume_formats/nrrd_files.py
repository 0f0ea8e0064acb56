"""Which files a NRRD consists of: its header names the data files if they are apart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

from CraNeXtLib.core.files.reading import DamagedError, opened
from CraNeXtLib.geometry.volume_formats.data_files import named_files

_LONGEST_HEADER = 16 << 20


def read_header_lines(file: IO[bytes]) -> tuple[list[str], list[str]]:
    """Read the lines of a header, and leave the file where the attached voxels begin.

    Returns:
        The header's lines, without those that list the data files, and these.

    Raises:
        DamagedError: If there is no header of a bounded length.
    """
    if file.read(4) != b"NRRD":
        raise DamagedError("This is no NRRD header.")
    file.seek(0)
    lines: list[str] = []
    listed: list[str] | None = None
    length = 0
    while line := file.readline(_LONGEST_HEADER):
        length += len(line)
        if length > _LONGEST_HEADER:
            raise DamagedError("The header does not end.")
        text = line.decode("utf-8", "replace").rstrip()
        if listed is not None:
            listed += [text] if text else []
        elif not text:
            break
        else:
            text = re.sub(r"^[^:#]*:(?!=)", lambda name: name[0].lower(), text)  # The names of fields have no case.
            lines.append(text)
            if re.match(r"data ?file:\s*LIST\b", text):
                listed = []
    return lines, listed or []


def data_files(path: Path) -> list[Path]:
    """Return the files with the voxels of a NRRD, in order; none if the voxels follow the header.

    Raises:
        InputError: If there is no such file, or the header names more data files than a volume can have.
        DamagedError: If it is not a NRRD.
    """
    with opened(path) as file:
        lines, listed = read_header_lines(file)
    named = next((m[1] for line in lines if (m := re.match(r"data ?file:\s*(.*)", line))), None)
    if named is None:
        return []
    return named_files(path, named, listed)
