"""How the names of volume files end."""

from __future__ import annotations

NRRD_SUFFIXES = (".nrrd", ".nhdr")
NIFTI_SUFFIXES = (".nii", ".nii.gz")
META_IMAGE_SUFFIXES = (".mha", ".mhd")
VOLUME_SUFFIXES = (".nrrd", ".seg.nrrd", ".nhdr", ".nii.gz", ".nii", *META_IMAGE_SUFFIXES)


def volume_suffix(name: str) -> str:
    """Return how the name of a volume file ends, in lower case; empty if the file is none.

    >>> [volume_suffix(name) for name in ("skull.NII.gz", "skull.seg.nrrd", "skull.stl")]
    ['.nii.gz', '.seg.nrrd', '']
    """
    return max((suffix for suffix in VOLUME_SUFFIXES if name.lower().endswith(suffix)), key=len, default="")
