"""The meshes that are written when they are asked for: the bone to try the part in, and a scene for viewers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.glb_files import write_glb
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.bone_model import bone_around, check_margin

BONE_MODEL = "bone_model"
VIEWER_FILE = "viewer.glb"
_VIEWER_MM = 1.5  # some 300,000 faces, which browsers turn smoothly


@dataclass(frozen=True)
class AddedMeshes:
    """Which meshes are asked for.

    Args:
        bone_model_mm: How far around the implant bone is written as a model to print; None for no model.
        glb: Whether to write skull and implant for viewers.

    Raises:
        InputError: If the margin of the model is out of range.
    """

    bone_model_mm: float | None = None
    glb: bool = False

    def __post_init__(self) -> None:
        if self.bone_model_mm is not None:
            check_margin(self.bone_model_mm)


def write_added_meshes(
    added: AddedMeshes,
    skull: Volume,
    implant: Volume,
    mesh: Mesh,
    folder: Path,
    *,
    space: str,
    case: CaseMark | None = None,
) -> dict[str, Any]:
    """Write the meshes that are asked for.

    These are ``bone_model.stl``, the same with the implant as two named parts of ``bone_model.3mf``, and
    ``viewer.glb``.

    Args:
        added: Which ones.
        skull: Mask of the defective skull.
        implant: Mask of the implant, of the same geometry.
        mesh: Surface of the part that would be made.
        folder: Folder to write into.
        space: Coordinates of the STL and 3MF files, ``"LPS"`` or ``"RAS"``.
        case: Which case it is.

    Returns:
        ``bone_model`` for JSON, if there is one.

    Raises:
        InputError: If there is no bone within the margin, or a file cannot be written.
    """
    described: dict[str, Any] = {}
    if added.bone_model_mm is not None:
        bone = surface_of(bone_around(skull, implant, added.bone_model_mm))
        write_stl(bone, folder / f"{BONE_MODEL}.stl", space=space, case=case)
        parts = {"Bone": bone, "Implant": mesh}
        title = "Bone around the defect, with the implant"
        write_3mf(parts, folder / f"{BONE_MODEL}.3mf", title=title, space=space, case=case)
        described[BONE_MODEL] = {
            "margin_mm": added.bone_model_mm,
            "volume_ml": round(bone.volume_ml, 2),
            "watertight": bone.is_watertight,
        }
    if added.glb:
        reduced = shrink(skull, _VIEWER_MM)
        bone = surface_of(reduced.with_voxels(reduced.voxels > 0.5))
        write_glb({"Skull": bone, "Implant": mesh}, folder / VIEWER_FILE)
    return described
