"""A CT as it was read, from a DICOM series, NIfTI or NRRD."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from CraNeXtLib.geometry.volume import Volume


@dataclass(frozen=True, eq=False)
class CTScan:
    """A CT in Hounsfield units.

    Attributes:
        volume: The values, shape (I, J, K).
        path: The file; or, of a DICOM series, its number alone: the folder's name may be the patient's.
        sha256: Of the file, or of the files of the series in the order of the slices.
        details: What DICOM says about the scan, for ``result.json``; nothing about the patient. Empty for a file.
        warnings: What was changed while reading, as sentences.
    """

    volume: Volume
    path: str
    sha256: str
    details: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
