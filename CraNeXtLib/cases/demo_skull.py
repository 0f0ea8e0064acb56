"""The skull of the demo: the bones of BodyParts3D in the field of view of a head CT, with a left-sided craniectomy.

``python -m CraNeXtLib.cases.demo_skull BONES_FOLDER`` makes the bundled files anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from CraNeXtLib.anatomy.head.bodyparts3d import bone_labels
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import largest_component
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

SPACING_MM = 0.8
FIELD_OF_VIEW_MM = 150.0  # below the vertex; a routine head CT ends in the middle face
MARGIN_VOXELS = 12
MIDDLE_RAS_MM = (-62.0, 16.0, 56.0)  # of the defect, where 0 is the middle of the whole skull
OUTWARDS = (-0.83, 0.25, 0.5)
HALF_AXES_MM = (51.0, 41.0)  # along the head and across
RISE = 0.36  # of the long axis towards the back
SQUARENESS = 2.6  # exponent of the border's superellipse; 2 is an ellipse
TAPER = 0.15  # how much narrower the front end is
DEPTH_MM = 40.0  # of the curved plate; bone further inside the head stays
BASE_MM = 10.0  # the defect stays above the floor of the middle fossa


def build_demo_skull(bones: str | Path) -> tuple[Volume, Volume]:
    """Return the defective skull and the implant that was cut out of it, both bool, of one geometry.

    Args:
        bones: Folder of the BodyParts3D meshes, see :func:`CraNeXtLib.anatomy.head.bodyparts3d.bone_labels`.

    Raises:
        InputError: If a mesh is missing.
    """
    skull = _head_ct(bone_labels(bones, spacing_mm=SPACING_MM))
    outwards = np.array(OUTWARDS) / np.linalg.norm(OUTWARDS)
    along = np.array([0, -1, RISE])
    along -= outwards * (outwards @ along)
    along /= np.linalg.norm(along)
    places = np.argwhere(skull.voxels)
    points = skull.to_ras(places) - MIDDLE_RAS_MM
    x, y = points @ along / HALF_AXES_MM[0], points @ np.cross(outwards, along) / HALF_AXES_MM[1]
    y /= 1 + TAPER * np.clip(x, -1, 1)
    inside = np.abs(x) ** SQUARENESS + np.abs(y) ** SQUARENESS < 1
    inside &= (points @ outwards > -DEPTH_MM) & (points[:, 2] > BASE_MM - MIDDLE_RAS_MM[2])
    implant = np.zeros(skull.shape, bool)
    implant[tuple(places[inside].T)] = True
    implant = largest_component(implant)  # without ridges inside the head
    return skull.with_voxels(largest_component(skull.voxels & ~implant)), skull.with_voxels(implant)


def main() -> None:
    """Write the demo's two files."""
    parser = argparse.ArgumentParser(description="Make the demo's skull from the bones of BodyParts3D.")
    parser.add_argument("bones", type=Path, help="folder of the meshes")
    parser.add_argument("--out", type=Path, default=DEFECTIVE_SKULL.parent, help="folder to write into")
    arguments = parser.parse_args()
    defective, implant = build_demo_skull(arguments.bones)
    write_volume(defective, arguments.out / DEFECTIVE_SKULL.name)
    write_volume(implant, arguments.out / REFERENCE_IMPLANT.name)


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


if __name__ == "__main__":
    main()
