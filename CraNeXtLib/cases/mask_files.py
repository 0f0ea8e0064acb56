"""The masks of one case, from files that several programs may have written: skull, implant, reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CraNeXtLib.anatomy.head.implant_mask import check_implant
from CraNeXtLib.anatomy.head.loaded_mask import LoadedMask
from CraNeXtLib.anatomy.head.mask_reading import read_implant, read_skull
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.lattice import box_on_lattice, on_one_grid
from CraNeXtLib.geometry.mesh_formats.mesh_frame import NOT_STATED, MeshFrame
from CraNeXtLib.geometry.volume import Volume


@dataclass(frozen=True)
class PartFile:
    """A file of an implant, and which of its segments or labels is the implant.

    Args:
        path: The file.
        segment: See :func:`CraNeXtLib.geometry.volume_files.read_volume`.
        option: The command's option for it, for messages.
    """

    path: str | Path
    segment: str | None = None
    option: str = "--implant-segment"


@dataclass(frozen=True, eq=False)
class CaseMasks:
    """The masks of a skull and of implants for it, of type bool and of one geometry.

    Attributes:
        skull: The skull.
        parts: The implants.
        space: Coordinates in which meshes are written: those of the skull's file if it is a mesh.
        warnings: What was decided while they were read, one sentence each.
    """

    skull: Volume
    parts: tuple[Volume, ...]
    space: str = "LPS"
    warnings: tuple[str, ...] = ()


def read_with_skull(
    skull: str | Path,
    *parts: PartFile,
    orientation: str | None = None,
    segment: str | None = None,
    frame: MeshFrame = NOT_STATED,
) -> CaseMasks:
    """Read a skull and implants for it, on the skull's grid, which grows where an implant reaches beyond it.

    Args:
        skull: File of the skull.
        parts: Files of implants. They may cover another part of the skull's lattice, with other directions of axes.
        orientation: Directions of all files' array axes, where their headers lack them.
        segment: Segment or label of the skull.
        frame: Unit and space of meshes, where their files do not state them.

    Raises:
        InputError: If a file is no mask, or a part is not on the skull's lattice or no implant for it.
    """
    bone = read_skull(skull, orientation=orientation, segment=segment, frame=frame)
    read = [read_part(part, bone, Path(skull).name, orientation=orientation, frame=frame) for part in parts]
    masks = on_one_grid(bone.mask, *(part.mask for part in read))
    warnings = tuple(warning for each in (bone, *read) for warning in each.warnings)
    return CaseMasks(masks[0], masks[1:], bone.mesh_space, warnings)


def read_part(
    part: PartFile,
    skull: LoadedMask,
    skull_name: str,
    *,
    orientation: str | None = None,
    frame: MeshFrame = NOT_STATED,
) -> LoadedMask:
    """Read an implant that lies on a skull's lattice.

    Args:
        part: The file of the implant.
        skull: The skull.
        skull_name: Its name in messages.
        orientation: Directions of the array axes, where the header lacks them.
        frame: Unit and space of a mesh, where its file does not state them.

    Returns:
        The mask on its own grid; see :func:`CraNeXtLib.geometry.lattice.on_one_grid`.

    Raises:
        InputError: If the file is no mask, its voxels do not coincide with the skull's, or it is no implant for it.
    """
    read = read_implant(
        part.path, skull, orientation=orientation, segment=part.segment, frame=frame, option=part.option
    )
    mask, bone = read.mask, skull.mask
    if not mask.has_geometry_of(bone) and box_on_lattice(mask, bone) is None:
        raise InputError(
            f"The voxels of {Path(part.path).name} ({_geometry(mask)}) do not coincide with those of {skull_name} "
            f"({_geometry(bone)}); resample it to the skull's geometry."
        )
    check_implant(mask, bone, name=Path(part.path).name, skull_name=skull_name)
    return read


def _geometry(volume: Volume) -> str:
    size, spacing, origin = (
        " x ".join(f"{value:.6g}" for value in values)
        for values in (volume.shape, volume.spacing, volume.affine[:3, 3])
    )
    return f"{size} voxels of {spacing} mm, axes {volume.axis_codes}, first voxel at RAS {origin}"
