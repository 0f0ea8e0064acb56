"""Make the mold of a part, from file to files: the work of ``cranext mold``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.anatomy.head.implant_mask import check_implant
from CraNeXtLib.anatomy.head.mask_reading import read_skull
from CraNeXtLib.anatomy.head.mesh_masks import mask_beside, read_implant_surface
from CraNeXtLib.cases.case_folder import case_folder
from CraNeXtLib.cases.result_json import timestamp, versions
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.product import RESEARCH_USE_NOTICE
from CraNeXtLib.core.progress import ProgressCallback, Stages
from CraNeXtLib.core.runtime.requirements import installed_version
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_files import CaseMark, write_3mf, write_stl
from CraNeXtLib.geometry.mesh_formats.mesh_frame import MeshFrame
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.geometry.volume_files import volume_hash
from CraNeXtLib.implant.mold.build_volume import key_warnings, pieces_of
from CraNeXtLib.implant.mold.mold_check import MoldCheck, check_mold
from CraNeXtLib.implant.mold.opening_direction import best_opening
from CraNeXtLib.implant.mold.part_surface import part_surface
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.implant.mold.solids import printable
from CraNeXtLib.implant.mold.spring_form import SpringForm, SpringFormCheck, check_spring_form, make_spring_form
from CraNeXtLib.implant.mold.two_part_mold import TwoPartMold, make_mold, scaled_about_center
from CraNeXtLib.implant.outward import box_center
from CraNeXtLib.pictures.mold_pictures import write_mold_pictures, write_spring_form_picture

DESCRIPTION = "mold.json"

_FORMAT_VERSION = 1
_STAGE_SHARES = {
    "Reading": 0.1,
    "Choosing the direction": 0.3,
    "Making the mold": 0.3,
    "Checking the mold": 0.2,
    "Writing": 0.1,
}


def mold_case(
    part: str | Path,
    skull: str | Path,
    out: str | Path,
    settings: MoldSettings | None = None,
    *,
    orientation: str | None = None,
    segment: str | None = None,
    part_segment: str | None = None,
    mesh_unit: str | None = None,
    mesh_space: str | None = None,
    spring_form: bool = False,
    case_id: str | None = None,
    replace: bool = False,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Make the mold of the part in a mesh file, check it and write it into a folder.

    Writes ``mold_outer.stl`` and ``mold_inner.stl``, named by the side of the part that they form and split if they are
    larger than the build volume (``mold_outer_1.stl`` and so on), both with the molded
    part as ``mold.3mf``, ``molded_part.stl``, the pictures of ``MOLD_PICTURES`` and ``mold.json``; with a spring form,
    ``spring_mold.stl``, ``spring_ring.stl`` and ``spring_form.png``, too. If anything fails, no file is written.

    Args:
        part: Mesh of the part, such as ``finished_implant.stl``.
        skull: Mask or mesh of the defective skull.
        out: Folder to write into.
        settings: How the mold is made; by default as ``MoldSettings()``.
        orientation: Directions of the skull's array axes, where its header lacks them.
        segment: Segment or label of the skull, if its file holds several; or several with commas.
        part_segment: Name of the part in a 3MF file, if it holds several.
        mesh_unit: Unit of meshes that state none, such as ``"cm"``.
        mesh_space: ``"LPS"`` or ``"RAS"``, for meshes that do not state their space.
        spring_form: Whether to make a spring form, too: a mold of the outer side, and the ring of the defect's margin.
        case_id: Name of the case; by default the first digits of the skull's SHA-256 hash.
        replace: Whether to replace the mold that an earlier run wrote into the folder.
        progress: Called with the stage and the overall fraction; may raise CancelledError to stop.

    Returns:
        The content of ``mold.json``; ``files`` lists the files written.

    Raises:
        InputError: If a file cannot be used, the part is undercut deeper than the settings allow or has no room for the
            sprue, the mold does not pass its check, the folder holds a mold already, or it cannot be written.
    """
    settings, files = settings or MoldSettings(), {"part": Path(part), "skull": Path(skull)}
    if not replace and (Path(out) / DESCRIPTION).exists():
        raise InputError(f"{out} already holds a mold; choose another --out, or add --replace to replace it.")
    stages = Stages(_STAGE_SHARES, progress)
    with case_folder(out, DESCRIPTION, inputs=(part, skull)) as folder:
        with stages.stage("Reading"):
            frame = MeshFrame.given(mesh_unit, mesh_space)
            bone = read_skull(skull, orientation=orientation, segment=segment, frame=frame)
            read = read_implant_surface(files["part"], bone, segment=part_segment, frame=frame, option="--part-segment")
            mask = mask_beside(read.mesh, bone.mask, files["part"].name)
            check_implant(mask, bone.mask, name=files["part"].name, skull_name=files["skull"].name)
            surface = scaled_about_center(part_surface(read.mesh, files["part"].name), settings.scale)
        with stages.stage("Choosing the direction"):
            outward = surface.vertices.mean(axis=0) - box_center(bone.mask)
            way = best_opening(surface, outward) if settings.opening == "auto" else np.array(settings.opening)
        with stages.stage("Making the mold") as update:
            up = way if settings.pour == "outer" else -way
            mold = make_mold(surface, up, settings, lambda stage, fraction: update(fraction, stage))
        with stages.stage("Checking the mold"):
            check = check_mold(mold)
            check.refuse()
            form = make_spring_form(surface, bone.mask, way, settings) if spring_form else None
            form_check = check_spring_form(form) if form else None
        with stages.stage("Writing"):
            hashes = {name: volume_hash(path) for name, path in files.items()}
            case = CaseMark(case_id or hashes["skull"][:8], hashes["part"])
            pieces, unkeyed = _write_meshes(mold, settings, folder.path, space=bone.mesh_space, case=case)
            write_mold_pictures(mold, folder.path, case_id=case.case_id)
            if form:
                _write_spring_form(form, folder.path, space=bone.mesh_space, case=case)
        return folder.write_description(
            {
                "format": "cranext-mold",
                "version": _FORMAT_VERSION,
                "notice": RESEARCH_USE_NOTICE,
                "case_id": case.case_id,
                "created": timestamp(),
                "input": {name: {"path": path.name, "sha256": hashes[name]} for name, path in files.items()},
                "versions": versions() | {"manifold3d": installed_version("manifold3d")},
                "meshes": {"unit": "mm", "space": bone.mesh_space},
                "validated_clinically": False,
                "settings": asdict(settings),
                "mold": {**describe_mold(mold, check, way), "pieces": pieces},
                "spring_form": form and form_check and describe_spring_form(form, form_check),
                "warnings": [*bone.warnings, *read.warnings, *_warnings(mold, settings), *key_warnings(unkeyed)],
                "seconds": stages.seconds,
            }
        )


def _write_meshes(
    mold: TwoPartMold, settings: MoldSettings, folder: Path, *, space: str, case: CaseMark
) -> tuple[dict[str, int], dict[str, int]]:
    """Write the halves, or their pieces, and the molded part.

    Returns:
        The number of pieces of each half, and of cuts between them that have no key.
    """
    upper, lower = ("outer", "inner") if settings.pour == "outer" else ("inner", "outer")
    meshes: dict[str, Mesh] = {}
    counts, unkeyed = dict[str, int](), dict[str, int]()
    for side, half in ((upper, mold.upper), (lower, mold.lower)):
        pieces, unkeyed[side] = pieces_of(half, settings)
        counts[side] = len(pieces)
        for number, piece in enumerate(pieces, start=1):
            name = f"mold_{side}_{number}" if len(pieces) > 1 else f"mold_{side}"
            meshes[name] = mold.frame.to_ras(mesh_of(piece))
    meshes["molded_part"] = mold.frame.to_ras(mesh_of(printable(mold.undercut.molded)))
    for name, mesh in meshes.items():
        write_stl(mesh, folder / f"{name}.stl", space=space, case=case)
    named = {name.replace("_", " ").capitalize(): mesh for name, mesh in meshes.items()}
    write_3mf(named, folder / "mold.3mf", title="Mold of a cranial implant", space=space, case=case)
    return counts, unkeyed


def describe_mold(mold: TwoPartMold, check: MoldCheck, opening: np.ndarray) -> dict[str, Any]:
    """Return ``mold`` for JSON.

    Args:
        mold: The mold.
        check: Its check.
        opening: RAS direction out of the head in which it opens, shape (3,).
    """
    undercut, to_ras = mold.undercut, mold.frame.axes
    part_ml = undercut.molded.volume() / 1000
    shafts_ml = sum((shaft - undercut.molded).volume() for shaft in (mold.sprue, *mold.vents)) / 1000
    overflow_ml = mold.overflow_mm3 / 1000
    return {
        "opening_ras": np.round(opening, 4).tolist(),
        "size_mm": list(mold.size_mm),
        "undercut": {
            "depth_mm": round(undercut.depth_mm, 3),
            "volume_mm3": round(undercut.filling.volume(), 2),
            "place_ras_mm": None if undercut.place is None else np.round(to_ras @ undercut.place, 1).tolist(),
        },
        "keys": len(mold.keys),
        "vents": len(mold.vents),
        "material_ml": {
            "part": round(part_ml, 1),
            "sprue_and_vents": round(shafts_ml, 1),
            "overflow": round(overflow_ml, 1),
            "total": round(part_ml + shafts_ml + overflow_ml, 1),
        },
        "check": check.as_dict(),
    }


def describe_spring_form(form: SpringForm, check: SpringFormCheck) -> dict[str, Any]:
    """Return ``spring_form`` for JSON."""
    return {
        "ring_ml": round(form.ring.volume() / 1000, 1),
        "ring_closed_around_part": form.ring.genus() > 0,
        "check": check.as_dict(),
    }


def _write_spring_form(form: SpringForm, folder: Path, *, space: str, case: CaseMark) -> None:
    for name, solid in (("spring_mold", form.mold), ("spring_ring", form.ring)):
        write_stl(form.frame.to_ras(mesh_of(solid)), folder / f"{name}.stl", space=space, case=case)
    write_spring_form_picture(form, folder, case_id=case.case_id)


def _warnings(mold: TwoPartMold, settings: MoldSettings) -> list[str]:
    found = []
    if mold.undercut.place is not None:
        place = ", ".join(f"{value:.1f}" for value in mold.frame.axes @ mold.undercut.place)
        found.append(
            f"Undercuts of the part were filled, the deepest of {mold.undercut.depth_mm:.2f} mm at RAS {place}, "
            f"{mold.undercut.filling.volume():.1f} mm³ in all; molded_part.stl has them."
        )
    if len(mold.vents) < settings.vents:
        found.append(f"There was room for {len(mold.vents)} of {settings.vents} vents.")
    return found
