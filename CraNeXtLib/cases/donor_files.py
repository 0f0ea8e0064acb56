"""The picture and the map of an implant that comes from a donor and a model: which part is whose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.geometry.box import box_around
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.poly_data import poly_data, write_poly_data
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.donor.donation import Donation
from CraNeXtLib.implant.reconstruct import Reconstruction
from CraNeXtLib.pictures.implant_pictures import SkullViews, write_implant_picture
from CraNeXtLib.pictures.skull_renderer import SkullScene

PICTURE, MAP = "donor.png", "donor_map.vtp"
DONOR_ARRAY = "donor"
"""Name of the map's point array: 1 where the implant's surface is the donor's, 0 where it is the model's."""

CAPTION = "The implant before finishing: which part is the donor's bone, and which the model made."


def write_donor_picture(result: Reconstruction, donation: Donation, folder: Path, *, case_id: str) -> None:
    """Draw the skull with the implant in two colors, as ``donor.png``.

    Args:
        result: The reconstruction, with the donor's bone.
        donation: What the donor gave.
        folder: Folder to write into.
        case_id: Name of the case.
    """
    rest = result.implant.with_voxels(result.implant.voxels & ~donation.donated.voxels)
    views = SkullViews(SkullScene.of(result.defective_skull, result.implant, rest))
    names = (f"Donor, {donation.percent:.0f} %", f"Model, {100 - donation.percent:.0f} %")
    write_implant_picture(views, folder / PICTURE, title="Implant by its source", case_id=case_id, names=names)


def write_donor_map(mesh: Mesh, implant: Volume, donated: Volume, folder: Path) -> None:
    """Write the implant's surface with what is the donor's, as ``donor_map.vtp``.

    Args:
        mesh: Surface of the implant, in RAS mm.
        implant: Mask of the implant, bool.
        donated: Mask of the donor's part of it, bool.
        folder: Folder to write into.
    """
    box = box_around(implant.to_indices(mesh.vertices), implant.shape, margin=1)
    near, given = implant.crop(box), donated.crop(box).voxels
    nearest = ndimage.distance_transform_edt(
        ~near.voxels, sampling=near.spacing, return_distances=False, return_indices=True
    )
    points = np.clip(np.round(near.to_indices(mesh.vertices)).astype(int), 0, np.array(near.shape) - 1).T
    i, j, k = nearest[:, points[0], points[1], points[2]]
    write_poly_data(poly_data(mesh, {DONOR_ARRAY: given[i, j, k].astype(np.float32)}), folder / MAP)
