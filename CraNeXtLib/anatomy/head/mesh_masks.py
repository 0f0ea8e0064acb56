"""Meshes of a skull or an implant as masks: their unit, their space, and the voxels that they get."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.head.alignment import align_surfaces
from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.anatomy.head.loaded_mask import LoadedMask
from CraNeXtLib.anatomy.head.pose import BETTER_FLIPPED, bundled_template, measure_fit, template_surface
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_closing import closed
from CraNeXtLib.geometry.mesh_formats.mesh_frame import NOT_STATED, TO_RAS, MeshFrame
from CraNeXtLib.geometry.mesh_formats.mesh_names import MESH_SPACES, MESH_UNITS
from CraNeXtLib.geometry.mesh_formats.mesh_reading import read_mesh
from CraNeXtLib.geometry.mesh_voxels import voxels_inside
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_formats.length_units import unit_in_mm
from CraNeXtLib.geometry.volume_formats.stored_volume import check_memory

_FINEST_MM, _COARSEST_MM = 0.4, 0.5
_MOST_VOXELS = 1 << 27
"""Voxels of a skull are larger than the finest if there would be more: at 0.5 mm, 26 cm of each side."""
_MARGIN_MM = 10.0
_SKULL_MM, _IMPLANT_MM = (60.0, 700.0), (15.0, 300.0)
"""The longest side of a skull, with neck and shoulders or a part of it, and of an implant."""
_CONTACT_MM = 3.0
_LEAST_CONTACT = 0.02
"""Fraction of an implant that lies within ``_CONTACT_MM`` of bone, less what lies in it; 0.1 for large ones."""


def read_skull_mesh(path: Path, *, segment: str | None = None, frame: MeshFrame = NOT_STATED) -> LoadedMask:
    """Read the mesh of a skull as a mask on a grid of its own, of voxels of 0.4 to 0.5 mm.

    Args:
        path: The file.
        segment: Name of the part of a 3MF file, or several with commas.
        frame: Unit and space, where the file does not state them. Without a space, the one is taken in which the
            template fits better: the other one has the head turned by half.

    Raises:
        InputError: If the file cannot be read, its surface is open, its unit is not stated and no skull has its size,
            or the template fits as well in either space.
    """
    name = path.name
    mesh, frame, warnings = _in_mm(path, segment, frame, "--segment", _SKULL_MM, "head")
    low, high = mesh.vertices.min(axis=0) - _MARGIN_MM, mesh.vertices.max(axis=0) + _MARGIN_MM
    spacing = max(_FINEST_MM, float(np.prod(high - low) / _MOST_VOXELS) ** (1 / 3))
    if spacing > _COARSEST_MM:
        size = " x ".join(f"{side:.0f}" for side in high - low)
        raise InputError(f"{name} is too large: its box of {size} mm has too many voxels; cut it down to the head.")
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = low
    i, j, k = np.ceil((high - low) / spacing).astype(int).tolist()
    mask = voxels_inside(mesh, affine, (i, j, k))
    if frame.space:
        return LoadedMask(_in_ras(mask, frame.space), frame, warnings)
    space = _space_by_template(mask, name)
    told = (
        f"{name} does not state its space; {space} was taken, in which the head faces forward. Check left and right, "
        "or give --mesh-space."
    )
    return LoadedMask(_in_ras(mask, space), MeshFrame(frame.unit, space), (*warnings, told))


@dataclass(frozen=True, eq=False)
class PlacedSurface:
    """The surface of an implant at its place.

    Attributes:
        mesh: The surface, closed, in RAS mm.
        frame: Unit and space of its file.
        warnings: What was decided for the user, one sentence each.
    """

    mesh: Mesh
    frame: MeshFrame
    warnings: tuple[str, ...]


def read_implant_surface(
    path: Path, skull: LoadedMask, *, segment: str | None = None, frame: MeshFrame = NOT_STATED, option: str
) -> PlacedSurface:
    """Read the mesh of an implant as a surface beside its skull.

    Args:
        path: The file.
        skull: The skull. If it is a mesh, too, its unit and space count where nothing else states them; beside a
            volume, the space is taken in which the implant touches the bone without lying in it.
        segment: Name of the part of a 3MF file, or several with commas.
        frame: Unit and space, where the file does not state them.
        option: The command's option for ``segment``, for messages.

    Raises:
        InputError: As :func:`read_skull_mesh`, or if the implant fits as well, or not at all, in either space.
    """
    frame = frame.known(skull.frame or NOT_STATED)
    mesh, frame, warnings = _in_mm(path, segment, frame, option, _IMPLANT_MM, "implant")
    if not frame.space:
        frame = MeshFrame(frame.unit, _space_by_contact(mesh, skull.mask, path.name))
        told = (
            f"{path.name} does not state its space; {frame.space} was taken, in which it lies in the gap of the bone. "
            "Check it, or give --mesh-space."
        )
        warnings = (*warnings, told)
    return PlacedSurface(_placed(mesh, frame.space), frame, warnings)


def read_implant_mesh(
    path: Path, skull: LoadedMask, *, segment: str | None = None, frame: MeshFrame = NOT_STATED, option: str
) -> LoadedMask:
    """Read the mesh of an implant as a mask on the lattice of its skull; see :func:`read_implant_surface`."""
    surface = read_implant_surface(path, skull, segment=segment, frame=frame, option=option)
    return LoadedMask(mask_beside(surface.mesh, skull.mask, path.name), surface.frame, surface.warnings)


def _in_mm(
    path: Path, segment: str | None, frame: MeshFrame, option: str, sizes: tuple[float, float], what: str
) -> tuple[Mesh, MeshFrame, tuple[str, ...]]:
    """Return a closed mesh in mm and the space of its file, its frame, and warnings."""
    stored = read_mesh(path, part=segment, option=option)
    frame = stored.frame.known(frame)
    size = float(np.ptp(stored.mesh.vertices, axis=0).max())
    if not frame.unit:
        _check_size(path.name, size, sizes, what)
    scale = unit_in_mm(path.name, [frame.unit])
    mesh, closing = closed(Mesh(stored.mesh.vertices * scale, stored.mesh.faces), path.name)
    return mesh, MeshFrame(frame.unit or "mm", frame.space), tuple(closing.warnings(path.name))


def _check_size(name: str, size: float, sizes: tuple[float, float], what: str) -> None:
    """Refuse a mesh that states no unit and is not of a plausible size in millimeters."""
    if sizes[0] <= size <= sizes[1]:
        return
    units = [unit for unit in MESH_UNITS[1:] if sizes[0] <= size * unit_in_mm(name, [unit]) <= sizes[1]]
    likely = f"it may be in {' or '.join(units)}; " if units else ""
    raise InputError(
        f"{name} states no unit and is {size:.3g} long, which is no {what} in mm; {likely}give its unit with "
        "--mesh-unit."
    )


def _in_ras(mask: Volume, space: str) -> Volume:
    return Volume(mask.voxels, np.diag([*TO_RAS[space], 1.0]) @ mask.affine)


def _space_by_template(mask: Volume, name: str) -> str:
    """Return the space in which the template fits a skull better."""
    template = template_surface(bundled_template())
    distances = {}
    for space in MESH_SPACES:
        surface = bone_surface(_in_ras(mask, space))
        matrix = align_surfaces(template, surface).matrix
        distances[space] = measure_fit(template, surface, matrix).distance_mm
    best, other = sorted(MESH_SPACES, key=lambda space: distances[space])
    if distances[best] >= BETTER_FLIPPED * distances[other]:
        raise InputError(
            f"{name} does not state whether its coordinates are LPS or RAS, and its shape does not tell; give "
            "--mesh-space LPS or RAS."
        )
    return best


def _placed(mesh: Mesh, space: str) -> Mesh:
    return Mesh(mesh.vertices * TO_RAS[space], mesh.faces)


def mask_beside(mesh: Mesh, skull: Volume, name: str) -> Volume:
    """Return the mask of an implant's surface, in RAS mm, on the part of the skull's lattice that it covers.

    Raises:
        InputError: If the computer has too little memory for it.
    """
    indices = skull.to_indices(mesh.vertices)
    low, high = np.floor(indices.min(axis=0)).astype(int) - 1, np.ceil(indices.max(axis=0)).astype(int) + 2
    i, j, k = (high - low).tolist()
    check_memory(name, (i, j, k), 4)
    affine = skull.affine.copy()
    affine[:3, 3] = skull.to_ras(low[None])[0]
    return voxels_inside(mesh, affine, (i, j, k))


def _space_by_contact(mesh: Mesh, skull: Volume, name: str) -> str:
    """Return the space in which an implant touches bone rather than lying in it."""
    contacts = {space: _contact(mask_beside(_placed(mesh, space), skull, name), skull) for space in MESH_SPACES}
    best, other = sorted(MESH_SPACES, key=lambda space: -contacts[space])
    if contacts[best] < max(_LEAST_CONTACT, 2 * contacts[other]):
        raise InputError(
            f"{name} does not state whether its coordinates are LPS or RAS, and its place does not tell; give "
            "--mesh-space LPS or RAS."
        )
    return best


def _contact(implant: Volume, skull: Volume) -> float:
    """Return which fraction of an implant lies near bone, less the fraction that lies in it."""
    if not implant.voxels.any():
        return 0.0
    reach = max(_CONTACT_MM, float(skull.spacing.max()))
    margin = np.ceil(reach / skull.spacing).astype(int)
    low = np.round(skull.to_indices(implant.affine[:3, 3][None])[0]).astype(int)
    box = box_from(low - margin, low + implant.shape + margin)
    bone = on_box(skull, box).voxels
    if not bone.any():
        return 0.0
    distances = ndimage.distance_transform_edt(~bone, sampling=skull.spacing)
    inner = tuple(slice(m, m + size) for m, size in zip(margin, implant.shape, strict=True))
    at_implant = distances[inner][implant.voxels]
    return float(np.mean(at_implant <= reach) - 2 * np.mean(at_implant == 0))
