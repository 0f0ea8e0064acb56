"""Reading and writing volumes: NRRD, Slicer segmentations (.seg.nrrd), NIfTI and MetaImage; reading DICOM SEG."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.core.files.filling import filling
from CraNeXtLib.core.files.hashing import content_hash, sha256_of
from CraNeXtLib.core.files.reading import DamagedError, file_size
from CraNeXtLib.geometry.affine import affine_from_axis_codes
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.mask import RIGHT_ANGLE_TOLERANCE, binary
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_formats.dicom_segmentation import read_segmentation, sop_class
from CraNeXtLib.geometry.volume_formats.meta_image_reading import meta_image_data_files, read_meta_image
from CraNeXtLib.geometry.volume_formats.meta_image_writing import write_meta_image
from CraNeXtLib.geometry.volume_formats.nifti_reading import read_nifti
from CraNeXtLib.geometry.volume_formats.nifti_writing import write_nifti
from CraNeXtLib.geometry.volume_formats.nrrd_files import data_files
from CraNeXtLib.geometry.volume_formats.nrrd_reading import read_nrrd
from CraNeXtLib.geometry.volume_formats.nrrd_writing import write_nrrd
from CraNeXtLib.geometry.volume_formats.segments import choose_segments
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredVolume, check_extent, reading
from CraNeXtLib.geometry.volume_formats.volume_suffixes import META_IMAGE_SUFFIXES, NRRD_SUFFIXES, volume_suffix


def read_volume(path: str | Path, *, orientation: str | None = None, segment: str | None = None) -> Volume:
    """Read one volume.

    Args:
        path: A ``.nrrd``, ``.nhdr``, ``.seg.nrrd``, ``.nii``, ``.nii.gz``, ``.mha`` or ``.mhd`` file, or a DICOM
            segmentation of any name.
        orientation: Directions of the three array axes, such as ``"RAS"``, if the header lacks them or is wrong. The
            spacing is still the header's; the first voxel becomes the RAS origin.
        segment: Name, ID or label value of the segment to read, as a mask; several with commas for their union.

    Raises:
        InputError: If the file is missing, damaged or no regular file, not three-dimensional, or too large; has no
            orientation, contradicting ones, or axes that are not at right angles; or has no such segment.
    """
    return _read(Path(path), orientation, segment, "--segment")


def read_mask(
    path: str | Path, *, orientation: str | None = None, segment: str | None = None, option: str = "--segment"
) -> Volume:
    """Read one mask: 0 and one other value, or the segments or labels that are chosen.

    Args:
        path: See :func:`read_volume`, also for ``orientation`` and ``segment``.
        option: The command's option for ``segment``, for messages.

    Returns:
        The mask, of type bool.

    Raises:
        InputError: As :func:`read_volume`, or if the file holds several labels and none is chosen, probabilities, or an
            image.
    """
    volume = _read(Path(path), orientation, segment, option)
    return binary(volume, name=Path(path).name, option=option)


def _read(path: Path, orientation: str | None, segment: str | None, option: str) -> Volume:
    stored = _read_stored(path)
    affine = _checked_affine(stored, orientation, path.name)
    voxels = choose_segments(stored, segment, name=path.name, option=option)
    if voxels.ndim != 3:
        raise InputError(f"{path.name} has {voxels.ndim} dimensions; give a single 3D volume.")
    if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
        raise InputError(f"{path.name} contains NaN or infinite values; save it without them.")
    volume = Volume(voxels, affine)
    check_extent(path.name, float((volume.spacing * volume.shape).max()))
    return volume


def volume_hash(path: Path) -> str:
    """Return a SHA-256 of everything that :func:`read_volume` reads: the file, or a header and its data files.

    Raises:
        InputError: If a file cannot be read.
    """
    file_size(path)
    try:
        parts = _data_files(path)
    except DamagedError:
        parts = []
    for part in parts:
        file_size(part)
    hashes = [sha256_of(file) for file in (path, *parts)]
    return hashes[0] if not parts else hashlib.sha256("".join(hashes).encode()).hexdigest()


def input_hash(path: Path) -> str:
    """Return the hash of what a mask is read from: :func:`volume_hash`, or of all files if it is a folder.

    It is empty if there is nothing to read, so that a missing input differs from every other one.
    """
    if path.is_dir():
        return content_hash(path)
    try:
        return volume_hash(path)
    except (InputError, OSError):
        return ""


def write_volume(volume: Volume, path: str | Path) -> None:
    """Write a volume as NRRD, NIfTI or MetaImage, depending on the suffix.

    Beside ``NAME.mhd``, the voxels are in ``NAME.zraw``; both files appear or none. A mask becomes bytes, half
    precision becomes single. The geometry keeps every digit; NRRD and MetaImage are written in LPS, as by Slicer.

    Raises:
        InputError: If the suffix is unknown or the file cannot be written.
    """
    path = Path(path)
    suffix = volume_suffix(path.name)
    if suffix == ".mhd":
        with filling(path.parent, last=path.name) as folder:
            data = folder / f"{path.stem}.zraw"
            write_meta_image(folder / path.name, _as_stored(volume.voxels), volume.affine, data=data)
        return
    write = _writers().get(suffix)
    if write is None:
        raise InputError(f"{path.name} must end in .nrrd, .nii, .nii.gz, .mha or .mhd.")
    with replacing(path) as temporary:
        write(temporary, _as_stored(volume.voxels), volume.affine)


def is_volume_file(path: Path) -> bool:
    """Return whether :func:`read_volume` reads files with this suffix."""
    return bool(volume_suffix(path.name)) and not path.is_dir()


def _data_files(path: Path) -> list[Path]:
    """Return the files with the voxels of a volume, if they are apart from its header."""
    suffix = volume_suffix(path.name)
    if suffix in META_IMAGE_SUFFIXES:
        return meta_image_data_files(path)
    return data_files(path) if suffix.endswith(NRRD_SUFFIXES) else []


def _read_stored(path: Path) -> StoredVolume:
    file_size(path)
    suffix = volume_suffix(path.name)
    if not suffix and sop_class(path):
        return read_segmentation(path)
    if not suffix:
        raise InputError(
            f"{path.name} is not a volume file; give a .nrrd, .seg.nrrd, .nii, .nii.gz or .mha file, or a DICOM "
            "segmentation."
        )
    with reading(path, suffix):
        if suffix in META_IMAGE_SUFFIXES:
            return read_meta_image(path)
        return read_nrrd(path) if suffix.endswith(NRRD_SUFFIXES) else read_nifti(path)


def _checked_affine(stored: StoredVolume, orientation: str | None, name: str) -> np.ndarray:
    """Return the affine of a volume, from its header or from the orientation that the user gives."""
    if stored.affine is not None:
        _check_right_angles(stored.affine, name)
    if orientation is not None and stored.segments:
        raise InputError("DICOM files contain their orientation; leave out --orientation.")
    if orientation is not None:
        if stored.spacing is None:
            raise InputError(f"{name} has no voxel spacing; save it with its spacing first.")
        return affine_from_axis_codes(orientation, stored.spacing)
    if stored.affine is None:
        raise InputError(
            f"The header of {name} does not define the orientation of the head; give the directions of the three "
            "array axes, such as LPS, with --orientation."
        )
    if stored.conflict:
        raise InputError(
            f"The header of {name} {stored.conflict}; save it with one, or give the directions of the three array "
            "axes, such as LPS, with --orientation."
        )
    return stored.affine


def _check_right_angles(affine: np.ndarray, name: str) -> None:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not (np.isfinite(affine).all() and (lengths > 0).all()):
        raise InputError(f"The header of {name} gives a spacing or position that is not possible; save it again.")
    directions = affine[:3, :3] / lengths
    if np.abs(directions.T @ directions - np.eye(3)).max() > RIGHT_ANGLE_TOLERANCE:
        raise InputError(
            f"The axes of {name} are not at right angles, as after a tilted gantry; resample it onto a straight grid, "
            "or read the DICOM series of the CT, which is straightened."
        )


def _as_stored(voxels: np.ndarray) -> np.ndarray:
    """Return voxels in the type and order of the files; the libraries would take five times as long to reorder them."""
    stored = {"bool": np.uint8, "float16": np.float32}.get(voxels.dtype.name, voxels.dtype)
    if voxels.dtype == bool:
        voxels = voxels.view(np.uint8)
    if voxels.flags.f_contiguous and voxels.dtype == stored:
        return voxels
    inside = voxels != 0
    if not inside.any():
        return np.zeros(voxels.shape, stored, order="F")
    ordered = np.zeros(voxels.shape, stored, order="F")
    first, second, third = foreground_box(inside)  # Most of a mask is empty, and takes neither time nor memory.
    for row in range(second.start, second.stop):  # plane by plane, which stay in the processor's cache
        ordered[first, row, third] = voxels[first, row, third]
    return ordered


def _writers() -> dict[str, Any]:
    return {".nrrd": write_nrrd, ".nii": write_nifti, ".nii.gz": write_nifti, ".mha": write_meta_image}
