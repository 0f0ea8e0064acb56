"""Reading meshes: STL, PLY, OBJ and 3MF, in the coordinates of the file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.reading import DamagedError, file_size, opened
from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.mesh_formats.mesh_merging import merged
from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SUFFIXES
from CraNeXtLib.geometry.mesh_formats.obj_reading import read_obj
from CraNeXtLib.geometry.mesh_formats.ply_reading import read_ply
from CraNeXtLib.geometry.mesh_formats.three_mf_reading import read_3mf
from CraNeXtLib.geometry.volume_formats.stored_volume import check_mesh_memory, too_little_memory

_LONGEST_HEADER = 4096
_EMPTY_STL = 84
"""Bytes of a binary STL file without triangles."""


@dataclass(frozen=True, eq=False)
class StoredMesh:
    """A mesh as a file stores it.

    Attributes:
        mesh: The triangles in the unit and space of the file, each corner once, no face twice.
        frame: What the file states: 3MF its unit; what 3D Slicer and we write, its space.
    """

    mesh: Mesh
    frame: MeshFrame


def read_mesh(path: Path, *, part: str | None = None, option: str = "--segment") -> StoredMesh:
    """Read the mesh in a file.

    Args:
        path: A ``.stl``, ``.ply``, ``.obj`` or ``.3mf`` file.
        part: Name of the part of a 3MF file, or several with commas.
        option: The command's option for ``part``, for messages.

    Raises:
        InputError: If the file is missing, damaged, too large or holds no triangles, or there is no such part.
    """
    suffix = path.suffix.lower()
    if suffix not in MESH_SUFFIXES:
        raise InputError(f"{path.name} is not a mesh file; give a .stl, .ply, .obj or .3mf file.")
    check_mesh_memory(path.name, file_size(path))
    try:
        with opened(path) as file:
            if suffix == ".3mf":
                parts, frame = read_3mf(file, path.name)
                return _checked(joined(_chosen(parts, part, path.name, option)), frame, path.name)
            if part is not None:
                raise InputError(f"{path.name} has no named parts; leave out {option}.")
            frame = MeshFrame(space=_stated_space(file, suffix))
            return _checked(_READERS[suffix](file), frame, path.name)
    except (InputError, ImportError):
        raise
    except MemoryError as error:
        raise too_little_memory(path.name, path.stat().st_size) from error
    except Exception as error:  # NumPy and trimesh raise many kinds for a damaged file
        raise InputError(f"{path.name} cannot be read; it is damaged or not a {suffix} file.") from error


def _read_stl(file: IO[bytes]) -> Mesh:
    import trimesh

    found: Any = trimesh.load_mesh(file, file_type="stl", process=False)
    if not len(found.faces) and file.seek(0, os.SEEK_END) > _EMPTY_STL:  # trimesh says nothing of a wrong length
        raise DamagedError("Its length is not that of the triangles that it promises.")
    return Mesh(np.asarray(found.vertices, float), np.asarray(found.faces))


_READERS = {".stl": _read_stl, ".ply": read_ply, ".obj": read_obj}


def _stated_space(file: IO[bytes], suffix: str) -> str:
    """Return the space that 3D Slicer writes into the header or the first comments, and rewind the file."""
    start = file.read(80 if suffix == ".stl" else _LONGEST_HEADER)
    file.seek(0)
    if suffix != ".stl":
        comments = re.match(rb"(ply\s+|format [^\n]*\n|(#|comment|obj_info)[^\n]*\n|\s)*", start)
        start = comments[0] if comments else b""
    found = re.search(rb"SPACE=(LPS|RAS)", start)
    return found[1].decode() if found else ""


def _chosen(parts: list[tuple[str, Mesh]], wanted: str | None, name: str, option: str) -> list[Mesh]:
    """Return the parts of a 3MF file that are wanted: the only one, or those of the names."""
    if wanted is None:
        if len(parts) > 1:
            names = ", ".join(f"'{part}'" for part, _ in parts)
            raise InputError(f"{name} contains several parts; choose one with {option}: {names[:300]}.")
        return [mesh for _, mesh in parts]
    chosen = []
    for word in [wanted] if any(part == wanted for part, _ in parts) else wanted.split(","):
        found = [mesh for part, mesh in parts if part.casefold() == word.strip().casefold()]
        if not found:
            names = ", ".join(f"'{part}'" for part, _ in parts)
            raise InputError(f"{name} has no part '{word.strip()[:60]}'; choose one with {option}: {names[:300]}.")
        chosen += found
    return chosen


def _checked(mesh: Mesh, frame: MeshFrame, name: str) -> StoredMesh:
    """Return a mesh without duplicates, if it holds triangles."""
    if not np.isfinite(mesh.vertices).all():
        raise InputError(f"{name} has corners that are no numbers; save it again.")
    if mesh.faces.size and not (mesh.faces.min() >= 0 and mesh.faces.max() < len(mesh.vertices)):
        raise DamagedError("A triangle has a corner that is not there.")
    mesh = merged(mesh)
    if not len(mesh.faces):
        raise InputError(f"{name} holds no triangles; give a surface.")
    return StoredMesh(mesh, frame)
