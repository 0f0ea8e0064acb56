"""The skull of the demo: the bones of BodyParts3D in the field of view of a head CT, with a left-sided craniectomy.

``cranext demo --rebuild BONES`` rebuilds the bundled files.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.bodyparts3d import bone_labels
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import largest_component
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

SPACING_MM = 0.8
FIELD_OF_VIEW_MM = 150.0
"""Height of the scan below the vertex; a routine head CT ends in the middle of the face."""

MARGIN_VOXELS = 12
CENTER_RAS_MM = (-62.0, 16.0, 56.0)
"""Center of the defect; 0 is the center of the whole skull."""

OUTWARD = (-0.83, 0.25, 0.5)
"""Direction out of the head at the defect."""

HALF_AXES_MM = (51.0, 41.0)
"""Half axes of the defect's outline along and across the head."""

RISE = 0.36
"""Slope at which the long axis rises toward the back."""

SQUARENESS = 2.6
"""Exponent of the superellipse that outlines the defect; 2 is an ellipse."""

TAPER = 0.15
"""Fraction by which the front end of the defect is narrower, and the back end wider, than its middle."""

DEPTH_MM = 40.0
"""Depth that the curved plate spans; bone further inside the head stays."""

BASE_MM = 10.0
"""Lowest level of the defect, above the floor of the middle cranial fossa."""


def build_demo_skull(bones: str | Path) -> tuple[Volume, Volume]:
    """Return the defective skull and the implant that was cut out of it, both bool and of the same geometry.

    Args:
        bones: Folder of the BodyParts3D meshes, see :func:`CraNeXtLib.anatomy.head.bodyparts3d.bone_labels`.

    Raises:
        InputError: If a mesh is missing.
    """
    skull = _head_ct(bone_labels(bones, spacing_mm=SPACING_MM))
    outward = np.array(OUTWARD) / np.linalg.norm(OUTWARD)
    along = np.array([0, -1, RISE])
    along -= outward * (outward @ along)
    along /= np.linalg.norm(along)
    indices = np.argwhere(skull.voxels)
    points = skull.to_ras(indices) - CENTER_RAS_MM
    x, y = points @ along / HALF_AXES_MM[0], points @ np.cross(outward, along) / HALF_AXES_MM[1]
    y /= 1 + TAPER * np.clip(x, -1, 1)
    inside = np.abs(x) ** SQUARENESS + np.abs(y) ** SQUARENESS < 1
    inside &= (points @ outward > -DEPTH_MM) & (points[:, 2] > BASE_MM - CENTER_RAS_MM[2])
    implant = np.zeros(skull.shape, bool)
    implant[tuple(indices[inside].T)] = True
    implant = largest_component(implant)  # drops ridges inside the head
    return skull.with_voxels(largest_component(skull.voxels & ~implant)), skull.with_voxels(implant)


def write_demo_skull(bones: str | Path, folder: str | Path = DEFECTIVE_SKULL.parent) -> list[Path]:
    """Build the demo skull and write its two files, by default over the bundled ones.

    Args:
        bones: See :func:`build_demo_skull`.
        folder: Folder to write into.

    Returns:
        The files of the defective skull and of the implant.

    Raises:
        InputError: If a mesh is missing or a file cannot be written.
    """
    files = [Path(folder) / name for name in (DEFECTIVE_SKULL.name, REFERENCE_IMPLANT.name)]
    for volume, file in zip(build_demo_skull(bones), files, strict=True):
        write_volume(volume, file)
    return files


def _head_ct(bones: Volume) -> Volume:
    """Return the mask of the part that a head CT shows, in one piece, with air around it."""
    mask = bones.voxels > 0
    top = foreground_box(mask)[2].stop
    mask[..., : top - round(FIELD_OF_VIEW_MM / bones.spacing[2])] = False
    skull = bones.with_voxels(largest_component(mask))
    box = foreground_box(skull.voxels)
    padded = np.pad(skull.voxels[box], MARGIN_VOXELS)
    affine = skull.crop(box).affine.copy()
    affine[:3, 3] -= affine[:3, :3].sum(axis=1) * MARGIN_VOXELS
    return Volume(padded, affine)
