"""The picture of an implant that comes from a donor and a model: which part is whose."""

from __future__ import annotations

from pathlib import Path

from CraNeXtLib.implant.donor.donation import Donation
from CraNeXtLib.implant.reconstruct import Reconstruction
from CraNeXtLib.pictures.implant_pictures import SkullViews, write_implant_picture
from CraNeXtLib.pictures.skull_renderer import SkullScene

PICTURE = "donor.png"
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
