"""The masks of one case, from files that several programs may have written: skull, implant, reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CraNeXtLib.anatomy.head.implant_mask import check_implant
from CraNeXtLib.anatomy.head.skull_mask import read_skull_mask
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.lattice import box_on_lattice, on_one_grid
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask


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


def read_with_skull(
    skull: str | Path, *parts: PartFile, orientation: str | None = None, segment: str | None = None
) -> tuple[Volume, ...]:
    """Read a skull and implants for it, on the skull's grid, which grows where an implant reaches beyond it.

    Args:
        skull: File of the skull.
        parts: Files of implants. They may cover another part of the skull's lattice, with other directions of axes.
        orientation: Directions of all files' array axes, where their headers lack them.
        segment: Segment or label of the skull.

    Returns:
        The masks of skull and parts, of type bool and of one geometry.

    Raises:
        InputError: If a file is no mask, or a part is not on the skull's lattice or no implant for it.
    """
    bone = read_skull_mask(skull, orientation=orientation, segment=segment)
    return on_one_grid(bone, *(read_part(part, bone, Path(skull).name, orientation=orientation) for part in parts))


def read_part(part: PartFile, skull: Volume, skull_name: str, *, orientation: str | None = None) -> Volume:
    """Read an implant that lies on a skull's lattice.

    Args:
        part: The file of the implant.
        skull: The skull.
        skull_name: Its name in messages.
        orientation: Directions of the array axes, where the header lacks them.

    Returns:
        The mask on its own grid, of type bool; see :func:`CraNeXtLib.geometry.lattice.on_one_grid`.

    Raises:
        InputError: If the file is no mask, its voxels do not coincide with the skull's, or it is no implant for it.
    """
    mask = read_mask(part.path, orientation=orientation, segment=part.segment, option=part.option)
    if not mask.has_geometry_of(skull) and box_on_lattice(mask, skull) is None:
        raise InputError(
            f"The voxels of {Path(part.path).name} ({_geometry(mask)}) do not coincide with those of {skull_name} "
            f"({_geometry(skull)}); resample it to the skull's geometry."
        )
    check_implant(mask, skull, name=Path(part.path).name, skull_name=skull_name)
    return mask


def _geometry(volume: Volume) -> str:
    size, spacing, origin = (
        " x ".join(f"{value:.6g}" for value in values)
        for values in (volume.shape, volume.spacing, volume.affine[:3, 3])
    )
    return f"{size} voxels of {spacing} mm, axes {volume.axis_codes}, first voxel at RAS {origin}"
