"""The picture of a sheet: titanium above the defect, bone around it."""

import numpy as np
from phantoms import head
from PIL import Image

from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.pictures.onlay_picture import write_onlay_picture


def test_the_sheet_is_gray_on_bone(tmp_path):
    phantom = head(spacing=(4.0, 4.0, 4.0), holes=(((0.0, 0.0, 75.0), 25.0),))
    sheet = surface_of(phantom.implant)
    write_onlay_picture([sheet], phantom.implant, phantom.defective, tmp_path / "onlay.png", case_id="A-7")
    with Image.open(tmp_path / "onlay.png") as image:
        above = np.asarray(image.convert("RGB"), dtype=int)[50:, :760]
    red, _, blue = np.moveaxis(above, -1, 0)
    metal = np.argwhere((blue > red + 3) & (blue < 230))
    assert 5_000 < len(metal) < 200_000
    np.testing.assert_allclose(metal.mean(axis=0), (350, 380), atol=40)  # in the middle
    assert ((red > blue + 10) & (red > 100)).sum() > 20_000  # bone
