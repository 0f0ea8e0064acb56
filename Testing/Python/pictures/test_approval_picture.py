"""The cuts of the approval sheet show the part's outline where the part is, as radiologists look."""

from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image

from CraNeXtLib.pictures.approval_picture import write_approval_picture
from CraNeXtLib.pictures.camera import Camera
from CraNeXtLib.pictures.implant_pictures import SIX_SIDES
from CraNeXtLib.pictures.palette import OUTLINE

CUT, LEFT = 362, 1606


@pytest.fixture
def views():
    """Views that are gray, because drawing the skull takes long and is tested elsewhere."""
    gray = Image.new("RGB", (520, 560), "gray")
    cameras = {caption: Camera.looking_from(side) for caption, side in SIX_SIDES.items()}
    return SimpleNamespace(view=lambda _caption: gray, cameras=cameras)


def cuts(path):
    """Where the six cuts have the color of the outline, by plane and position."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB"))[:, LEFT:].astype(np.int16)
    near = np.abs(pixels - OUTLINE).max(axis=-1) < 30
    return [[near[row * 404 :, column * 382 :][:CUT, :CUT] for column in range(2)] for row in range(3)]


def test_the_outline_surrounds_the_part(views, tmp_path):
    case = head(spacing=(3.0, 4.0, 3.0), directions=OBLIQUE, holes=(((60.0, 30.0, 40.0), 22.0),))
    write_approval_picture(views, case.defective, case.implant, tmp_path / "a.png", case_id="A")
    points = case.implant.to_ras(np.argwhere(case.implant.voxels))
    low, high = points.min(axis=0), points.max(axis=0)
    shown = cuts(tmp_path / "a.png")
    mm = ((high - low).max() + 40) / (CUT - 1)
    for plane, (across, right, down) in enumerate(((2, 0, 1), (1, 0, 2), (0, 1, 2))):
        for position, panel in zip((0.3, 0.7), shown[plane], strict=True):
            at = low[across] + position * (high[across] - low[across])
            here = points[np.abs(points[:, across] - at) < 2.5]  # mirrored: right and front are on the left, top is up
            rows, columns = np.nonzero(panel)
            found = [(places.min() + places.max()) / 2 for places in (rows, columns)]
            widest = [(here[:, axis].max() + here[:, axis].min()) / 2 for axis in (down, right)]
            expected = [
                CUT / 2 - (w - (low + high)[axis] / 2) / mm for w, axis in zip(widest, (down, right), strict=True)
            ]
            np.testing.assert_allclose(found, expected, atol=4 / mm)
