"""Reading the masks of a case, from volumes and from meshes: the skull, and implants that belong to it."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.anatomy.head.loaded_mask import LoadedMask
from CraNeXtLib.anatomy.head.mesh_masks import read_implant_mesh, read_skull_mesh
from CraNeXtLib.anatomy.head.skull_mask import read_skull_mask, skull_mask
from CraNeXtLib.geometry.mesh_formats.mesh_frame import NOT_STATED, MeshFrame
from CraNeXtLib.geometry.mesh_formats.mesh_names import is_mesh_name
from CraNeXtLib.geometry.volume_files import read_mask


def read_skull(
    path: str | Path,
    *,
    orientation: str | None = None,
    segment: str | None = None,
    frame: MeshFrame = NOT_STATED,
) -> LoadedMask:
    """Read the mask of a skull from a volume or a mesh.

    Args:
        path: The file.
        orientation: Directions of a volume's array axes, where its header lacks them.
        segment: Segment, label or part to read, or several with commas.
        frame: Unit and space of a mesh, where its file does not state them.

    Raises:
        InputError: As :func:`CraNeXtLib.anatomy.head.skull_mask.read_skull_mask` and
            :func:`CraNeXtLib.anatomy.head.mesh_masks.read_skull_mesh`.
    """
    path = Path(path)
    if not is_mesh_name(path.name):
        return LoadedMask(read_skull_mask(path, orientation=orientation, segment=segment))
    read = read_skull_mesh(path, segment=segment, frame=frame)
    return LoadedMask(skull_mask(read.mask, name=path.name), read.frame, read.warnings)


def read_implant(
    path: str | Path,
    skull: LoadedMask,
    *,
    orientation: str | None = None,
    segment: str | None = None,
    frame: MeshFrame = NOT_STATED,
    option: str = "--implant-segment",
) -> LoadedMask:
    """Read the mask of an implant; that of a mesh is made on the lattice of its skull.

    Args:
        path: The file.
        skull: The skull.
        orientation: Directions of a volume's array axes, where its header lacks them.
        segment: Segment, label or part to read, or several with commas.
        frame: Unit and space of a mesh, where neither its file nor the skull's states them.
        option: The command's option for ``segment``, for messages.

    Raises:
        InputError: As :func:`CraNeXtLib.geometry.volume_files.read_mask` and
            :func:`CraNeXtLib.anatomy.head.mesh_masks.read_implant_mesh`.
    """
    path = Path(path)
    if is_mesh_name(path.name):
        return read_implant_mesh(path, skull, segment=segment, frame=frame, option=option)
    return LoadedMask(read_mask(path, orientation=orientation, segment=segment, option=option))
