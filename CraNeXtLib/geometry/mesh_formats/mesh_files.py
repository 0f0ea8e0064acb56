"""Meshes as files: binary STL and 3MF, in millimeters, and in LPS unless the input was a mesh in RAS."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from html import escape  # xml.sax.saxutils would import all of urllib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.geometry.mesh import Mesh, face_normals
from CraNeXtLib.geometry.mesh_formats.mesh_frame import TO_RAS


class CaseMark(NamedTuple):
    """What tells which case a printed part belongs to.

    There is no date: the files of one input are the same bit by bit, and the date of a scan may identify its patient.

    Attributes:
        case_id: Name of the case.
        sha256: Hash of its input.
    """

    case_id: str
    sha256: str


def write_stl(
    mesh: Mesh, path: str | Path, *, space: str = "LPS", preview: bool = False, case: CaseMark | None = None
) -> None:
    """Write a binary STL file in millimeters, in LPS as 3D Slicer does, or in RAS.

    The 80-byte header holds ``SPACE=LPS`` or ``SPACE=RAS`` for Slicer, the safety notice, the first eight digits of the
    input's hash, for which there is just room, and the word PREVIEW for a mesh that must not be manufactured.

    Raises:
        InputError: If the file cannot be written.
    """
    # Normals of the rounded corners, so that what the file holds agrees with itself.
    written = Mesh((mesh.vertices * TO_RAS[space]).astype("<f4"), mesh.faces)
    corners, normals = written.vertices[written.faces], face_normals(written)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    triangles = np.zeros(len(corners), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("unused", "<u2")])
    triangles["normal"] = normals / np.where(lengths > 0, lengths, 1)
    triangles["corners"] = corners
    made = f"{'PREVIEW' if preview else 'CraNeXt'} {case.sha256[:8]}," if case else "CraNeXt" + " PREVIEW," * preview
    header = f"{made} mm. {RESEARCH_USE_NOTICE} SPACE={space}".encode()
    with replacing(path) as temporary:
        temporary.write_bytes(header.ljust(80, b"\0") + np.uint32(len(triangles)).tobytes() + triangles.tobytes())


def write_3mf(
    parts: Mapping[str, Mesh],
    path: str | Path,
    *,
    title: str = "Cranial implant",
    space: str = "LPS",
    case: CaseMark | None = None,
) -> None:
    """Write named parts as a 3MF file (core specification 1.3) in millimeters, in LPS or RAS.

    Trimesh can write 3MF too, but needs lxml for it and leaves no room for the safety notice.

    Raises:
        InputError: If the file cannot be written.
    """
    of_case = f" Case {case.case_id}, SHA-256 of its input: {case.sha256}." if case else ""
    metadata = {
        "Title": title,
        "Application": "CraNeXt",
        "Description": f"{RESEARCH_USE_NOTICE} Coordinates: {space}, millimeters.{of_case}",
    }
    notes = "".join(f'<metadata name="{escape(name)}">{escape(text)}</metadata>' for name, text in metadata.items())
    objects = "".join(_object(number, name, mesh, space) for number, (name, mesh) in enumerate(parts.items(), start=1))
    items = "".join(f'<item objectid="{number}"/>' for number in range(1, len(parts) + 1))
    model = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<model unit="millimeter" xml:lang="en" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">'
        f"{notes}<resources>{objects}</resources><build>{items}</build></model>"
    )
    with (
        replacing(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
    ):
        members = {"[Content_Types].xml": _CONTENT_TYPES, "_rels/.rels": _RELATIONSHIPS, "3D/3dmodel.model": model}
        for name, text in members.items():
            # Named alone, a part would get the present time, and no two files would be the same.
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED, compresslevel=3)


def _object(number: int, name: str, mesh: Mesh, space: str) -> str:
    points = _repeated('<vertex x="%.5f" y="%.5f" z="%.5f"/>', mesh.vertices * TO_RAS[space])
    triangles = _repeated('<triangle v1="%d" v2="%d" v3="%d"/>', mesh.faces)
    return (
        f'<object id="{number}" type="model" name="{escape(name)}"><mesh><vertices>{points}</vertices>'
        f"<triangles>{triangles}</triangles></mesh></object>"
    )


def _repeated(element: str, rows: np.ndarray) -> str:
    """Return an element with each row of numbers, shape (N, 3), in its three places."""
    return (element * len(rows)) % tuple(rows.ravel().tolist())


_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)


_RELATIONSHIPS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rel0" Target="/3D/3dmodel.model"'
    ' Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)
