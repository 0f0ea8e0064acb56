"""The segments of a part as files, and what ``finish.json`` and ``result.json`` say about them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.checked_part import CheckedPart, segment_file
from CraNeXtLib.core.files.hashing import sha256_of


def described_segments(part: CheckedPart, folder: Path) -> dict[str, Any]:
    """Return ``segments`` for JSON, with the hashes of their files; nothing for a part in one.

    Args:
        part: The part, whose files are in the folder.
        folder: The folder.
    """
    if not part.segments:
        return {}
    files = {one.number: folder / segment_file(one.number) for one in part.segments}
    return {
        "segments": [
            {"file": files[one.number].name, "sha256": sha256_of(files[one.number]), **asdict(one)}
            for one in part.segments
        ]
    }
