"""The files of a part with their hashes, and its segments: what ``finish.json`` and ``result.json`` say about them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from CraNeXtLib.cases.approval.write import part_files
from CraNeXtLib.cases.checked_part import CheckedPart, segment_file
from CraNeXtLib.core.files.hashing import sha256_of


def described_part(part: CheckedPart, folder: Path) -> dict[str, Any]:
    """Return ``part`` for JSON, the hash of each mesh that it may be made from, and ``segments`` of a part in several.

    Args:
        part: The part, whose files are in the folder.
        folder: The folder.
    """
    hashes = {path.name: sha256_of(path) for path in part_files(folder)}
    described: dict[str, Any] = {"part": hashes} if hashes else {}
    if part.segments:
        described["segments"] = [
            {"file": segment_file(one.number), "sha256": hashes[segment_file(one.number)], **asdict(one)}
            for one in part.segments
        ]
    return described
