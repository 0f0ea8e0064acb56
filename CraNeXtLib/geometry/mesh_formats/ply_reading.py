"""Reading the faces of PLY files, text or binary; of binary ones, trimesh reads only those with faces of one kind."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from CraNeXtLib.core.files.reading import DamagedError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_merging import triangle_fan

_NAMES = {
    "b": "char int8",
    "B": "uchar uint8",
    "h": "short int16",
    "H": "ushort uint16",
    "i": "int int32",
    "I": "uint uint32",
    "f": "float float32",
    "d": "double float64",
}
"""The names of each type, by the letter that struct and NumPy have for it."""
_TYPES = {name: letter for letter, names in _NAMES.items() for name in names.split()}
_ORDERS = {"ascii": "<", "binary_little_endian": "<", "binary_big_endian": ">"}
_CORNERS = ("vertex_indices", "vertex_index")
_LONGEST_LINE = 4096


@dataclass(frozen=True)
class _Property:
    """A number of each row or, if ``count`` is the type of its length, a list of numbers."""

    name: str
    type: str
    count: str = ""


@dataclass(frozen=True)
class _Element:
    name: str
    rows: int
    properties: list[_Property]


def read_ply(file: IO[bytes]) -> Mesh:
    """Read the faces of a PLY file as triangles.

    Raises:
        DamagedError: If the header isn't that of a mesh, or the file is too short or too long.
        Exception: NumPy and struct raise several kinds for a damaged file.
    """
    order, elements = _read_header(file)
    content = file.read()
    if order == "ascii":  # Text becomes binary; every number is a double then.
        content = np.array(content.split(), bytes).astype("<f8").tobytes()
    start = 0
    vertices, faces = np.empty((0, 3)), np.empty((0, 3), np.int64)
    for element in elements:
        rows, start = _rows(content, start, element, _ORDERS[order])
        if element.name == "vertex":
            vertices = np.column_stack([np.asarray(rows[axis], float) for axis in "xyz"])
        elif element.name == "face":
            faces = _triangles(next((rows[name] for name in _CORNERS if name in rows), []))
    if start != len(content):
        raise DamagedError("Something follows the last element.")
    return Mesh(vertices, faces)


def _read_header(file: IO[bytes]) -> tuple[str, list[_Element]]:
    """Return the format and the elements, and leave the file where their rows begin."""
    order = ""
    elements: list[_Element] = []
    if file.readline(_LONGEST_LINE).strip() != b"ply":
        raise DamagedError("This is no PLY header.")
    while (line := file.readline(_LONGEST_LINE)).strip() != b"end_header":
        words = line.decode("latin-1").split()
        if not line or (words and words[0] == "property" and not elements):
            raise DamagedError("This is no PLY header.")
        if words and words[0] == "format":
            order = words[1]
        elif words and words[0] == "element":
            elements.append(_Element(words[1], int(words[2]), []))
        elif words and words[0] == "property":
            *types, name = words[2:] if words[1] == "list" else words[1:]
            count, kind = ("d" if order == "ascii" else _TYPES[word] for word in (types[0], types[-1]))
            elements[-1].properties.append(_Property(name, kind, count if words[1] == "list" else ""))
    return order, elements


def _rows(content: bytes, start: int, element: _Element, order: str) -> tuple[dict[str, Any], int]:
    """Return the values of each property, an array or a list of lists, and where the rows end."""
    if not element.rows:
        return {}, start
    first, _ = _row(content, start, element, order)
    fields: list[tuple[str, str, tuple[int, ...]]] = []
    for described in element.properties:
        if described.count:
            fields.append((f"length of {described.name}", order + described.count, ()))
        size = (len(first[described.name]),) if described.count else ()
        fields.append((described.name, order + described.type, size))
    alike = np.dtype(fields)
    end = start + element.rows * alike.itemsize
    if end <= len(content):
        table = np.frombuffer(content, alike, element.rows, start)
        lists = [described.name for described in element.properties if described.count]
        if all((table[f"length of {name}"] == len(first[name])).all() for name in lists):
            return {described.name: table[described.name] for described in element.properties}, end
    columns: dict[str, list] = {described.name: [] for described in element.properties}
    for _ in range(element.rows):
        row, start = _row(content, start, element, order)
        for name, value in row.items():
            columns[name].append(value)
    return columns, start


def _row(content: bytes, start: int, element: _Element, order: str) -> tuple[dict[str, Any], int]:
    """Return the values of one row by property, and where it ends."""
    values: dict[str, Any] = {}
    for described in element.properties:
        length = 1
        if described.count:
            length = int(struct.unpack_from(order + described.count, content, start)[0])
            start += struct.calcsize(order + described.count)
        kind = f"{order}{length}{described.type}"
        numbers = struct.unpack_from(kind, content, start)
        values[described.name] = numbers if described.count else numbers[0]
        start += struct.calcsize(kind)
    return values, start


def _triangles(polygons: Any) -> np.ndarray:
    """Return polygons as triangles, shape (N, 3); ``polygons`` is an array or a list of lists."""
    if isinstance(polygons, np.ndarray):
        corners = polygons.astype(np.int64)
        return np.concatenate([corners[:, [0, at, at + 1]] for at in range(1, corners.shape[1] - 1)])
    fans = [triangle for polygon in polygons for triangle in triangle_fan(polygon)]
    return np.array(fans, np.int64).reshape(-1, 3)
