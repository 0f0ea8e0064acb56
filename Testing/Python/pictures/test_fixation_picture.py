"""The picture of a part's fixation shows every plate and every kind of hole, where they are."""

import numpy as np
from phantoms import head
from PIL import Image

from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.implant.finishing import FinishSettings
from CraNeXtLib.implant.finishing.finished_implant import FinishedImplant, FinishedPiece
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings
from CraNeXtLib.implant.finishing.hole_candidates import Hole
from CraNeXtLib.implant.finishing.plates import Plate
from CraNeXtLib.pictures.fixation_picture import write_fixation_picture

UP = (0.0, 0.0, 1.0)


def hole(purpose, x, y):
    return Hole(purpose, (x, y, float(75 * np.sqrt(1 - (x / 75) ** 2 - (y / 95) ** 2))), UP, 3.0, 6.0, 5.0, None)


def test_each_purpose_has_its_color_at_its_place(tmp_path):
    phantom = head(spacing=(3.0, 3.0, 3.0), holes=(((0.0, 0.0, 75.0), 25.0),))
    screws = (hole("screw in part", 18, 0), hole("screw in bone", 34, 0))
    plate = Plate("straight", (25.0, 0.0, 71.0), (1.0, 0.0, 0.0), UP, 100.0, 0.0, screws)
    piece = FinishedPiece(UP, 1.0, 1.0, 0.0, 0, 1, (plate,), (hole("suture", -15, 5),))
    settings = FinishSettings(fixation=FixationSettings(plates=1, plate_length_mm=30, plate_width_mm=8))
    part = FinishedImplant(phantom.implant, surface_of(phantom.implant), (piece,), settings, ())
    write_fixation_picture(part, phantom.defective, tmp_path / "fixation.png", case_id="A-7")
    with Image.open(tmp_path / "fixation.png") as image:
        above = np.asarray(image.convert("RGB"), dtype=int)[50:750, :760]
    red, green, blue = np.moveaxis(above, -1, 0)
    seen = {
        "screw in bone": (red > 2.2 * green) & (red > 2.2 * blue),
        "screw in part": (red > 1.2 * green) & (green > 2 * blue),
        "suture": (blue > 1.4 * red) & (red > 1.2 * green),
    }
    assert all(20 < pixels.sum() < 2000 for pixels in seen.values())
    across = {purpose: np.argwhere(pixels)[:, 1].mean() for purpose, pixels in seen.items()}
    assert across["suture"] < 380 < across["screw in part"] < across["screw in bone"]  # the patient's right is right
