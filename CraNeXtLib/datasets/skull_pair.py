"""The masks of one case of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CraNeXtLib.anatomy.head.implant_mask import check_implant
from CraNeXtLib.anatomy.head.loaded_mask import MESH_IN_A_TABLE, LoadedMask, check_without_doubt, frame_in_table
from CraNeXtLib.anatomy.head.mesh_masks import read_implant_mesh, read_skull_mesh
from CraNeXtLib.core.errors import InputError, rename_settings
from CraNeXtLib.datasets.manifest import ROLES, DatasetCase
from CraNeXtLib.geometry.lattice import box_on_lattice, on_one_grid
from CraNeXtLib.geometry.mesh_formats.mesh_names import is_mesh_name
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask, volume_hash

IN_A_MANIFEST = MESH_IN_A_TABLE | {
    "--orientation": "the manifest's column orientation",
    "if it is a CT in Hounsfield units, add --ct": "segment the bone of a CT first",
}
"""Replacements for the command line's options in messages about the files of a data set."""


@dataclass(frozen=True, eq=False)
class SkullPair:
    """The masks of one case, bool and of one geometry; without a defect, the implant is empty."""

    complete: Volume
    defective: Volume
    implant: Volume


def load_case(case: DatasetCase) -> SkullPair:
    """Read a case's masks; the one that has no file follows from the other two.

    Raises:
        InputError: If a file cannot be read, is no mask, its geometry differs from the others', or the implant is none
            for the skull.
    """
    (first, path), *others = case.files().items()
    skull = _read(case, first, path)
    masks = {first: skull.mask} | {role: _read(case, role, path, skull).mask for role, path in others}
    for role, mask in masks.items():
        if box_on_lattice(mask, masks[first]) is None:
            raise InputError(f"Case {case.name}: {role} and {first} differ in spacing, directions or position.")
    if "implant" in masks:
        check_implant(masks["implant"], masks[first], name=f"Case {case.name}: the implant", skull_name=first)
    masks = dict(zip(masks, on_one_grid(*masks.values()), strict=True))
    voxels = {role: mask.voxels for role, mask in masks.items()}
    if "complete" not in voxels:
        voxels["complete"] = voxels["defective"] | voxels["implant"]
    if "implant" not in voxels:
        defective = voxels.get("defective", voxels["complete"])
        voxels["implant"] = voxels["complete"] & ~defective
    if "defective" not in voxels:
        voxels["defective"] = voxels["complete"] & ~voxels["implant"]
    return SkullPair(**{role: masks[first].with_voxels(voxels[role]) for role in ROLES})


def contents(case: DatasetCase) -> dict[str, str]:
    """Return what each mask of a case is read from, by role: the file's hash, and what the manifest says about it.

    Raises:
        InputError: If a file cannot be read.
    """
    return {
        role: volume_hash(path)
        + (f" orientation {case.orientation}" if case.orientation else "")
        + (f" segment {case.segment_of(role)}" if case.segment_of(role) else "")
        for role, path in case.files().items()
    }


def _read(case: DatasetCase, role: str, path: Path, skull: LoadedMask | None = None) -> LoadedMask:
    """Read a mask; that of a mesh is made on a grid of its own, or on that of the skull that is given."""
    option = f"the manifest's column {role}_segment"
    orientation, segment = case.orientation or None, case.segment_of(role) or None
    try:
        if not is_mesh_name(path.name):
            return LoadedMask(read_mask(path, orientation=orientation, segment=segment, option=option))
        frame = frame_in_table(case.orientation)
        read = (
            read_implant_mesh(path, skull, segment=segment, frame=frame, option=option)
            if skull
            else read_skull_mesh(path, segment=segment, frame=frame)
        )
        check_without_doubt(read.warnings)
        return read
    except InputError as error:
        raise InputError(rename_settings(str(error), IN_A_MANIFEST)) from error
