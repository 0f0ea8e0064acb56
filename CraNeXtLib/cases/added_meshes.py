"""What is written when it is asked for: models of bone to print, a titanium sheet, and a scene for viewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.cases.onlay_files import ONLAY, write_onlay
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.settings import number_in
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_decimation import decimated
from CraNeXtLib.geometry.mesh_formats.glb_files import write_glb
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.bone_model import bone_around, check_margin, printable_bone
from CraNeXtLib.implant.model_base import check_base, with_base
from CraNeXtLib.implant.model_ranges import SKULL_MODEL_MM
from CraNeXtLib.implant.onlay.sheet import check_onlay
from CraNeXtLib.implant.outward import outward_direction

BONE_MODEL = "bone_model"
SKULL_MODEL = "skull_model"
VIEWER_FILE = "viewer.glb"
_VIEWER_MM = 1.5  # some 300,000 faces, which browsers turn smoothly


@dataclass(frozen=True)
class AddedMeshes:
    """Which meshes are asked for.

    Args:
        bone_model_mm: How far around the implant bone is written as a model to print; None for no model.
        glb: Whether to write skull and implant for viewers.
        bone_base_mm: Thickness of a flat base below the model's lowest bone; None for no base.
        skull_model_mm: How far the surface of a model of the whole skull may be from the skull's; None for no model.
        onlay_mm: Thickness of a titanium sheet over the defect and how far it reaches over the bone; None for none.

    Raises:
        InputError: If a number is out of range, or there is a base without a model.
    """

    bone_model_mm: float | None = None
    glb: bool = False
    bone_base_mm: float | None = None
    skull_model_mm: float | None = None
    onlay_mm: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if self.bone_model_mm is not None:
            check_margin(self.bone_model_mm)
        if self.bone_base_mm is not None:
            check_base(self.bone_base_mm)
            if self.bone_model_mm is None:
                raise InputError("A --bone-base needs a model to stand on it; add --bone-model.")
        if self.skull_model_mm is not None:
            number_in(self.skull_model_mm, *SKULL_MODEL_MM, "tolerance of the --skull-model", unit=" mm")
        if self.onlay_mm is not None:
            check_onlay(*self.onlay_mm)


def write_added_meshes(
    added: AddedMeshes,
    skull: Volume,
    implant: Volume,
    mesh: Mesh,
    folder: Path,
    *,
    space: str,
    case: CaseMark | None = None,
    outward: Sequence[float] | None = None,
    pictures: bool = False,
) -> dict[str, Any]:
    """Write the meshes that are asked for.

    These are ``bone_model.stl``, the same with the implant as two named parts of ``bone_model.3mf``,
    ``skull_model.stl``, the files of :func:`write_onlay`, and ``viewer.glb``.

    Args:
        added: Which ones.
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry.
        mesh: Surface of the part that would be made.
        folder: Folder to write into.
        space: Coordinates of the STL and 3MF files, ``"LPS"`` or ``"RAS"``.
        case: Which case it is.
        outward: RAS direction out of the head along which the part is inserted, for the base; by default that from the
            center of the skull to the implant.
        pictures: Whether to draw the titanium sheet, too.

    Returns:
        ``bone_model``, ``skull_model`` and ``onlay`` for JSON, if they are asked for.

    Raises:
        InputError: If there is no bone within the margin, or a file cannot be written.
    """
    described: dict[str, Any] = {}
    if added.bone_model_mm is not None:
        mask = bone_around(skull, implant, added.bone_model_mm)
        bone = surface_of(mask)
        if added.bone_base_mm is not None:
            up = np.array(outward or outward_direction(implant, skull))
            bone = with_base(bone, mask, implant, up, added.bone_base_mm)
        write_stl(bone, folder / f"{BONE_MODEL}.stl", space=space, case=case)
        parts = {"Bone": bone, "Implant": mesh}
        title = "Bone around the defect, with the implant"
        write_3mf(parts, folder / f"{BONE_MODEL}.3mf", title=title, space=space, case=case)
        described[BONE_MODEL] = {
            "margin_mm": added.bone_model_mm,
            "base_mm": added.bone_base_mm,
            "volume_ml": round(bone.volume_ml, 2),
            "watertight": bone.is_watertight,
        }
    if added.skull_model_mm is not None:
        whole, distance_mm = decimated(surface_of(printable_bone(skull)), added.skull_model_mm)
        write_stl(whole, folder / f"{SKULL_MODEL}.stl", space=space, case=case)
        described[SKULL_MODEL] = {
            "tolerance_mm": added.skull_model_mm,
            "largest_distance_mm": round(distance_mm, 3),
            "triangles": len(whole.faces),
            "volume_ml": round(whole.volume_ml, 2),
            "watertight": whole.is_watertight,
        }
    if added.onlay_mm is not None:
        thickness_mm, overlap_mm = added.onlay_mm
        described[ONLAY] = write_onlay(
            implant,
            skull,
            folder,
            thickness_mm=thickness_mm,
            overlap_mm=overlap_mm,
            space=space,
            picture=pictures,
            case=case,
        )
    if added.glb:
        reduced = shrink(skull, _VIEWER_MM)
        bone = surface_of(reduced.with_voxels(reduced.voxels > 0.5))
        write_glb({"Skull": bone, "Implant": mesh}, folder / VIEWER_FILE)
    return described
