"""The input of a case: the mask of a skull, or the bone of a CT."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.anatomy.head import mask_reading
from CraNeXtLib.anatomy.head.loaded_mask import LoadedMask
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_formats.mesh_frame import NOT_STATED, MeshFrame
from CraNeXtLib.geometry.mesh_formats.mesh_names import is_mesh_name
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import is_volume_file, read_volume, volume_hash


@dataclass(frozen=True, eq=False)
class SkullInput:
    """The input of a case.

    Attributes:
        skull: Mask of the defective skull, as it was read or segmented.
        source: ``input`` of ``result.json``: ``path``, the file's name without its folder, which is often named after
            the patient; ``sha256``; for a CT, ``ct``; and for a mesh, ``mesh``.
        ct: The CT in Hounsfield units that the skull was segmented from, if it was.
        warnings: Warnings about the scan or the mesh, one sentence each.
        frame: Unit and space of a mesh.
    """

    skull: Volume
    source: dict[str, Any]
    ct: Volume | None = None
    warnings: tuple[str, ...] = ()
    frame: MeshFrame | None = None

    @property
    def read(self) -> LoadedMask:
        """The skull, for what is read beside it."""
        return LoadedMask(self.skull, self.frame)


def read_skull(
    path: str | Path,
    *,
    orientation: str | None = None,
    segment: str | None = None,
    frame: MeshFrame = NOT_STATED,
) -> SkullInput:
    """Read the mask of a skull.

    Raises:
        InputError: If it cannot be used; see :func:`CraNeXtLib.anatomy.head.mask_reading.read_skull`.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path.name} is a folder; for a DICOM series of a CT add --ct.")
    read = mask_reading.read_skull(path, orientation=orientation, segment=segment, frame=frame)
    source: dict[str, Any] = {"path": path.name, "sha256": volume_hash(path)}
    if read.frame:
        source["mesh"] = {"unit": read.frame.unit, "space": read.frame.space}
    return SkullInput(read.mask, source, warnings=read.warnings, frame=read.frame)


def read_ct_skull(
    path: str | Path, *, threshold_hu: float, series: str | None = None, orientation: str | None = None
) -> SkullInput:
    """Read a CT and segment its bone.

    Args:
        path: See :func:`CraNeXtLib.anatomy.ct.reading.read_ct`, also for ``series`` and ``orientation``.
        threshold_hu: See :func:`CraNeXtLib.anatomy.ct.bone_segmentation.segment_bone`.

    Raises:
        InputError: If the file cannot be read, is not a CT in Hounsfield units, or shows no bone.
    """
    from CraNeXtLib.anatomy.ct.bone_segmentation import segment_bone
    from CraNeXtLib.anatomy.ct.quality import check_hounsfield, noise_hu, scan_warnings
    from CraNeXtLib.anatomy.ct.reading import read_ct

    scan = read_ct(path, series=series, orientation=orientation)
    warnings = check_hounsfield(scan.volume)
    bone = segment_bone(scan.volume, threshold_hu=threshold_hu)
    warnings += scan_warnings(scan.volume, bone.mask, thickness_mm=scan.details.get("slice_thickness_mm", 0.0))
    found = {
        "bone_threshold_hu": threshold_hu,
        "parts_ml": list(bone.parts_ml),
        "removed_ml": list(bone.removed_ml),
        "thin_bone_ml": bone.thin_ml,
        "noise_hu": round(noise_hu(scan.volume), 1),
    }
    source = {"path": scan.path, "sha256": scan.sha256, "ct": scan.details | found}
    return SkullInput(bone.mask, source, scan.volume, (*scan.warnings, *warnings))


def read_donor(path: str | Path, *, ct: bool, threshold_hu: float, frame: MeshFrame = NOT_STATED) -> SkullInput:
    """Read a donor, which may be a mask where the skull is a CT, and a CT where it is a mask.

    A folder and a volume with values below 0 are a CT; a mesh and a volume of 0 to 1 are a mask.

    Args:
        path: The file or folder.
        ct: What the skull is, and so the donor where its values may be either.
        threshold_hu: Least value of bone in a CT.
        frame: Unit and space of a mesh, where its file does not state them.

    Raises:
        InputError: As :func:`read_ct_skull` and :func:`read_skull`.
    """
    path = Path(path)
    if is_mesh_name(path.name):
        ct = False
    elif path.is_dir():
        ct = True
    elif is_volume_file(path):
        voxels = read_volume(path).voxels
        ct = bool(voxels.min() < 0 or (ct and voxels.max() > 1))
    return read_ct_skull(path, threshold_hu=threshold_hu) if ct else read_skull(path, frame=frame)
