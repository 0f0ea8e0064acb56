"""A CT as read from a DICOM series, a NIfTI file or an NRRD file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from CraNeXtLib.geometry.volume import Volume


@dataclass(frozen=True, eq=False)
class CTScan:
    """A CT in Hounsfield units.

    Attributes:
        volume: The values, shape (I, J, K).
        path: Name of the file, or number of the DICOM series, since the folder may be named after the patient.
        sha256: Hash of the file, or of the hashes of the series' files in the order of the slices.
        details: Attributes of the scan from DICOM for ``result.json``, none of the patient's. Empty for a file.
        warnings: What was changed while reading, as sentences for the user.
    """

    volume: Volume
    path: str
    sha256: str
    details: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
