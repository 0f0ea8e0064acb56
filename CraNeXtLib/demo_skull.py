"""The skull of the demo: the bones of BodyParts3D in the field of view of a head CT, with a left-sided craniectomy.

``python -m CraNeXtLib.demo_skull BONES_FOLDER`` makes the bundled files anew.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.bodyparts3d import bone_labels
from CraNeXtLib.defects import DefectShape, cut_implant
from CraNeXtLib.demo import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.skull_frame import skull_frame
from CraNeXtLib.volume_files import write_volume
from CraNeXtLib.volumes import Volume, foreground_box

SPACING_MM = 0.8
FIELD_OF_VIEW_MM = 150.0  # below the vertex; a routine head CT ends in the middle face
MARGIN_VOXELS = 12
AZIMUTH_DEG, ELEVATION_DEG = -72.0, 30.0  # the middle of the defect: the patient's left, above the ear
HALF_AXES_MM = (51.0, 41.0)  # along the head and across
TILT_DEG = 20.0  # how far the long axis rises towards the back
SQUARENESS = 2.6  # exponent of the border's superellipse; 2 is an ellipse
TAPER = 0.15  # how much narrower the front end is
ROUNDING_MM = 1.0


def build_demo_skull(bones: str | Path) -> tuple[Volume, Volume]:
    """Return the defective skull and the implant that was cut out of it, both bool, of one geometry.

    Args:
        bones: Folder of the BodyParts3D meshes, see :func:`CraNeXtLib.bodyparts3d.bone_labels`.

    Raises:
        InputError: If a mesh is missing.
    """
    skull = _head_ct(bone_labels(bones, spacing_mm=SPACING_MM))
    frame = skull_frame(skull)
    centre = frame.surface(frame.direction(AZIMUTH_DEG, ELEVATION_DEG))
    outwards = (centre - frame.centre) / np.linalg.norm(centre - frame.centre)
    tilt = np.deg2rad(TILT_DEG)
    along = np.array([0, -np.cos(tilt), np.sin(tilt)])
    along -= outwards * (outwards @ along)
    along /= np.linalg.norm(along)
    across = np.cross(outwards, along)

    def cut(points: np.ndarray) -> np.ndarray:
        x, y = (points @ along) / HALF_AXES_MM[0], (points @ across) / HALF_AXES_MM[1]
        y = y / (1 + TAPER * np.clip(x, -1, 1))
        radius = (np.abs(x) ** SQUARENESS + np.abs(y) ** SQUARENESS) ** (1 / SQUARENESS)
        return np.maximum((radius - 1) * min(HALF_AXES_MM), -(points @ outwards) - 45.0)

    shape = DefectShape(
        centre=centre,
        cut=cut,
        radius=1.3 * max(HALF_AXES_MM),
        lowest=frame.base,
        waves=np.zeros((1, 4)),
        rounding=ROUNDING_MM,
    )
    implant = _largest_part(cut_implant(skull, shape, frame).voxels)  # without ridges inside the head
    return skull.with_voxels(_largest_part(skull.voxels & ~implant)), skull.with_voxels(implant)


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
    skull = bones.with_voxels(_largest_part(mask))
    box = foreground_box(skull.voxels)
    padded = np.pad(skull.voxels[box], MARGIN_VOXELS)
    affine = skull.crop(box).affine.copy()
    affine[:3, 3] -= affine[:3, :3].sum(axis=1) * MARGIN_VOXELS
    return Volume(padded, affine)


def _largest_part(mask: np.ndarray) -> np.ndarray:
    parts, _ = ndimage.label(mask)
    return parts == np.bincount(parts[mask]).argmax()


if __name__ == "__main__":
    main()
