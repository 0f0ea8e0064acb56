"""Reading 3MF files (core specification 1.3, and the models of the production extension) without lxml."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.volume_formats.stored_volume import check_mesh_memory

_CORE = "{http://schemas.microsoft.com/3dmanufacturing/core/2015/02}"
_PATH = "{http://schemas.microsoft.com/3dmanufacturing/production/2015/06}path"
_RELATIONSHIP = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_DEEPEST = 20


def read_3mf(file: IO[bytes], name: str) -> tuple[list[tuple[str, Mesh]], MeshFrame]:
    """Read the parts that a 3MF file builds.

    Args:
        file: The file.
        name: Its name in messages.

    Returns:
        The name and the mesh of each item in the coordinates of the file; and their unit, millimeter if none is stated,
        and their space, if we wrote the file.

    Raises:
        InputError: If it would take too much memory.
        DamagedError: If something is missing in it.
        Exception: zipfile, zlib and the parser raise many kinds for a damaged file.
    """
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if member.filename.lower().endswith((".model", ".rels"))]
        check_mesh_memory(name, sum(member.file_size for member in members))
        documents = {_part_name(member.filename): ET.fromstring(archive.read(member)) for member in members}
    models = {path: model for path, model in documents.items() if path.endswith(".model")}
    units = {model.get("unit", "millimeter") for model in models.values()}
    if len(units) != 1:
        raise InputError(f"The models of {name} have several units, {', '.join(sorted(units))}; save it with one.")
    links = documents["/_rels/.rels"]
    root = _part_name(next(link.get("Target", "") for link in links if link.get("Type") == _RELATIONSHIP))
    reader = _Reader(name, models)
    parts = []
    for number, item in enumerate(models[root].iterfind(f"{_CORE}build/{_CORE}item"), start=1):
        path, found = reader.object(root, item)
        parts.append((found.get("name") or f"part {number}", reader.mesh(path, found, _matrix(item))))
    if not parts:
        raise InputError(f"{name} builds nothing; give a file with a part.")
    notes = " ".join(note.text or "" for note in models[root].iterfind(f"{_CORE}metadata"))
    stated = re.search(r"Coordinates: (LPS|RAS)\b", notes)
    return parts, MeshFrame(units.pop(), stated[1] if stated else "")


def _part_name(path: str) -> str:
    """Return the name of a member of the archive, to which links may refer without a root, or in other letters.

    >>> [_part_name(path) for path in ("3D/My Model.model", "/3d/my%20model.model", "./3D/My%20Model.model")]
    ['/3d/my model.model', '/3d/my model.model', '/3d/my model.model']
    """
    return posixpath.normpath(posixpath.join("/", unquote(path).lstrip("/"))).lower()


@dataclass
class _Reader:
    """The objects of a file, which may be put together of others, again and again.

    Attributes:
        name: Name of the file, for messages.
        models: The documents with the objects.
        bytes: Memory of the triangles that were put together so far, as if each were stored.
    """

    name: str
    models: Mapping[str, ET.Element]
    bytes: int = 0

    def object(self, path: str, reference: ET.Element) -> tuple[str, ET.Element]:
        """Return the object that an item or component in a document refers to, and the document that it is in."""
        path = _part_name(reference.get(_PATH, path))
        wanted = reference.get("objectid")
        for found in self.models[path].iterfind(f"{_CORE}resources/{_CORE}object"):
            if found.get("id") == wanted:
                return path, found
        raise DamagedError("There is no such object.")

    def mesh(self, path: str, found: ET.Element, matrix: np.ndarray, deepest: int = _DEEPEST) -> Mesh:
        """Return the mesh of an object with all its components."""
        if not deepest:
            raise DamagedError("The components are nested without end.")
        meshes = [self._own_mesh(mesh, matrix) for mesh in found.iterfind(f"{_CORE}mesh")]
        for component in found.iterfind(f"{_CORE}components/{_CORE}component"):
            inner, part = self.object(path, component)
            meshes.append(self.mesh(inner, part, matrix @ _matrix(component), deepest - 1))
        return joined(meshes)

    def _own_mesh(self, mesh: ET.Element, matrix: np.ndarray) -> Mesh:
        vertices = _numbers(mesh, "vertices/vertex", ("x", "y", "z"), float)
        faces = _numbers(mesh, "triangles/triangle", ("v1", "v2", "v3"), int)
        if not (faces.min() >= 0 and faces.max() < len(vertices)):
            raise DamagedError("A triangle has a corner that is not there.")
        self.bytes += 50 * len(faces)
        check_mesh_memory(self.name, self.bytes)
        return Mesh(apply_affine(matrix, vertices), faces)


def _numbers(mesh: ET.Element, kind: str, names: tuple[str, ...], of: type) -> np.ndarray:
    """Return the attributes of the elements of a kind, shape (N, 3)."""
    outer, inner = kind.split("/")
    rows = mesh.iterfind(f"{_CORE}{outer}/{_CORE}{inner}")
    return np.array([[of(row.attrib[name]) for name in names] for row in rows]).reshape(-1, 3)


def _matrix(reference: ET.Element) -> np.ndarray:
    """Return the 4×4 matrix of an item or component; the file lists it by columns of three."""
    numbers = [float(number) for number in reference.get("transform", "1 0 0 0 1 0 0 0 1 0 0 0").split()]
    return np.vstack([np.reshape(numbers, (4, 3)).T, [0, 0, 0, 1]])
