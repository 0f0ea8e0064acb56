"""Reading and writing volumes: NRRD, Slicer segmentations (.seg.nrrd) and NIfTI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.affine import affine_from_axis_codes
from CraNeXtLib.geometry.volume import Volume

NRRD_SUFFIXES = (".nrrd", ".nhdr")
NIFTI_SUFFIXES = (".nii", ".nii.gz")

# The patient coordinate systems of NRRD, with the signs that turn their axes into RAS.
_TO_RAS = {
    "right-anterior-superior": (1, 1, 1),
    "ras": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "las": (-1, 1, 1),
    "left-posterior-superior": (-1, -1, 1),
    "lps": (-1, -1, 1),
}
_NIFTI_UNIT_IN_MM = {"unknown": 1.0, "mm": 1.0, "meter": 1000.0, "micron": 0.001}


def read_volume(path: str | Path, *, orientation: str | None = None, segment: str | None = None) -> Volume:
    """Read one volume.

    Args:
        path: A ``.nrrd``, ``.nhdr``, ``.seg.nrrd``, ``.nii`` or ``.nii.gz`` file.
        orientation: Directions of the three array axes, such as ``"RAS"``, if the header lacks them or is wrong. The
            spacing is still the header's; the first voxel becomes the RAS origin.
        segment: Name, ID or label value of the segment to read, as a mask.

    Raises:
        InputError: If the file is missing, damaged, not three-dimensional, has no orientation, or no such segment.
    """
    path = Path(path)
    stored = _read_stored(path)
    if orientation is not None:
        if stored.spacing is None:
            raise InputError(f"{path.name} has no voxel spacing; save it with its spacing first.")
        affine = affine_from_axis_codes(orientation, stored.spacing)
    elif stored.affine is None:
        raise InputError(
            f"The header of {path.name} does not define the orientation of the head; give the directions of the three "
            "array axes, such as LPS, with --orientation."
        )
    else:
        affine = stored.affine
    voxels = _choose_segment(stored, segment, path.name)
    if voxels.ndim != 3:
        raise InputError(f"{path.name} has {voxels.ndim} dimensions; give a single 3D volume.")
    if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
        raise InputError(f"{path.name} contains NaN or infinite values; save it without them.")
    if voxels.dtype.kind not in "biuf":
        raise InputError(f"{path.name} does not contain numbers; give a mask or a CT volume.")
    return Volume(voxels, affine)


def write_volume(volume: Volume, path: str | Path) -> None:
    """Write a volume as NRRD or NIfTI, depending on the suffix; a mask becomes unsigned bytes.

    The geometry keeps every digit; NRRD is written in LPS, as by Slicer.

    Raises:
        InputError: If the suffix is unknown or the file cannot be written.
    """
    path = Path(path)
    voxels = volume.voxels.astype(np.uint8) if volume.voxels.dtype == bool else volume.voxels
    write = _writers().get(_suffix(path))
    if write is None:
        raise InputError(f"{path.name} must end in .nrrd, .nii or .nii.gz.")
    with replacing(path) as temporary:
        write(temporary, voxels, volume.affine)


def is_volume_file(path: Path) -> bool:
    """Return whether :func:`read_volume` reads files with this suffix."""
    return bool(_suffix(path)) and not path.is_dir()


@dataclass(frozen=True)
class _Stored:
    """The content of a file, before its orientation and segment are chosen."""

    voxels: np.ndarray
    affine: np.ndarray | None
    spacing: np.ndarray | None
    header: Mapping[str, Any]


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return next((s for s in (".nii.gz", ".nii", ".nrrd", ".nhdr") if name.endswith(s)), "")


def _read_stored(path: Path) -> _Stored:
    if not path.exists():
        raise InputError(f"There is no file {path}; check the path.")
    suffix = _suffix(path)
    if path.is_dir() or not suffix:
        raise InputError(f"{path.name} is not a volume file; give a .nrrd, .seg.nrrd, .nii or .nii.gz file.")
    try:
        return _read_nrrd(path) if suffix in NRRD_SUFFIXES else _read_nifti(path)
    except (InputError, ImportError):
        raise
    except Exception as error:  # pynrrd, nibabel, zlib and gzip raise many kinds for a damaged file
        raise InputError(f"{path.name} cannot be read; it is damaged or not a {suffix} file.") from error


def _read_nrrd(path: Path) -> _Stored:
    import nrrd

    voxels, header = nrrd.read(str(path), index_order="F")
    directions = header.get("space directions")
    spacing = header.get("spacings")
    affine = None
    if directions is not None:
        spatial = np.array([d for d in directions if d is not None and np.isfinite(d).all()], dtype=float)
        spacing = np.linalg.norm(spatial, axis=1)
        signs = _TO_RAS.get(str(header.get("space", "")).lower())
        if signs is not None and spatial.shape == (3, 3):
            affine = np.eye(4)
            affine[:3, :3] = (spatial * signs).T
            affine[:3, 3] = np.asarray(header.get("space origin", (0, 0, 0)), dtype=float) * signs
    usable = spacing is not None and np.isfinite(np.asarray(spacing, dtype=float)).all()
    return _Stored(voxels, affine, np.asarray(spacing, dtype=float) if usable else None, header)


def _read_nifti(path: Path) -> _Stored:
    import nibabel

    # Typed by what every reader of NIfTI gives; nibabel.load promises less.
    image = cast("nibabel.Nifti1Image", nibabel.load(path))
    header = image.header
    scale = _NIFTI_UNIT_IN_MM.get(header.get_xyzt_units()[0], 1.0)
    affine = None
    if header["sform_code"] > 0 or header["qform_code"] > 0:
        affine = np.diag([scale, scale, scale, 1.0]) @ header.get_best_affine()
    voxels = np.asanyarray(image.dataobj)
    while voxels.ndim > 3 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    return _Stored(voxels, affine, np.asarray(header.get_zooms()[:3], dtype=float) * scale, {})


def _choose_segment(stored: _Stored, segment: str | None, name: str) -> np.ndarray:
    """Return the voxels of a plain volume, or the mask of one segment or label."""
    segments = _segments(stored.header)
    if not segments:
        return stored.voxels if segment is None else _label(stored.voxels, segment, name)
    if segment is None and len(segments) > 1:
        raise InputError(f"{name} contains several segments; choose one with --segment: {_names(segments)}.")
    wanted = segments[0]["Name"] if segment is None else segment
    found = [s for s in segments if wanted.lower() in (s["Name"].lower(), s["ID"].lower())]
    found = found or [s for s in segments if wanted == s["LabelValue"]]
    if not found:
        raise InputError(f"{name} has no segment '{wanted}'; choose one with --segment: {_names(segments)}.")
    layers = stored.voxels if stored.voxels.ndim == 4 else stored.voxels[None]
    return layers[int(found[0]["Layer"])] == int(found[0]["LabelValue"])


def _label(voxels: np.ndarray, segment: str, name: str) -> np.ndarray:
    if not segment.lstrip("-").isdigit():
        raise InputError(f"{name} has no named segments; choose a label by its number with --segment.")
    mask = voxels == int(segment)
    if not mask.any():
        raise InputError(f"No voxel of {name} has the label {segment}; choose another with --segment.")
    return mask


def _names(segments: list[dict[str, str]]) -> str:
    return ", ".join(f"'{s['Name']}'" for s in segments)


def _segments(header: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the segments that Slicer describes in a header, in order."""
    segments: list[dict[str, str]] = []
    while f"Segment{len(segments)}_ID" in header:
        prefix = f"Segment{len(segments)}_"
        fields = {"Layer": "0", "LabelValue": "1", "Name": header[prefix + "ID"]}
        segments.append(fields | {key[len(prefix) :]: str(header[key]) for key in header if key.startswith(prefix)})
    return segments


def _write_nrrd(path: Path, voxels: np.ndarray, affine: np.ndarray) -> None:
    import nrrd

    to_lps = np.array((-1, -1, 1))
    header = {
        "space": "left-posterior-superior",
        "space directions": affine[:3, :3].T * to_lps + 0.0,  # adding 0 turns -0 into 0
        "space origin": affine[:3, 3] * to_lps + 0.0,
        "kinds": ["domain"] * 3,
        "encoding": "gzip",
    }
    nrrd.write(str(path), voxels, header, index_order="F", compression_level=3)


def _write_nifti(path: Path, voxels: np.ndarray, affine: np.ndarray) -> None:
    import nibabel

    image = nibabel.Nifti1Image(np.asfortranarray(voxels), affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)


def _writers() -> dict[str, Any]:
    return {".nrrd": _write_nrrd, ".nii": _write_nifti, ".nii.gz": _write_nifti}
