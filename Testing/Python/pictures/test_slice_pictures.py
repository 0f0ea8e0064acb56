"""Slices go through the implant, and show the patient's right on the left whatever the volume's axes."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.palette import IMPLANT
from CraNeXtLib.pictures.slice_pictures import write_slice_picture

HOLE_ON_THE_RIGHT = (((60.0, 30.0, 40.0), 22.0),)


def implant_pixels(picture):
    """Return where each of the six panels shows the implant, by row and column."""
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float) / 255
    near = np.abs(pixels - IMPLANT).max(axis=-1) < 0.05
    return [[near[72 + 580 * row :, 10 + 530 * column :][:520, :520] for column in range(3)] for row in range(2)]


@pytest.mark.slow
@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE, np.diag([-1.0, -1, 1]), np.eye(3)[:, [2, 0, 1]]])
def test_a_hole_in_front_and_on_the_right_is_on_the_upper_left_of_the_slices(tmp_path, directions):
    case = head(spacing=(2.0, 2.5, 3.0), directions=directions, holes=HOLE_ON_THE_RIGHT)
    write_slice_picture(case.defective, case.implant, tmp_path / "slices.png", title="Phantom")
    for panels in implant_pixels(tmp_path / "slices.png"):
        for panel in panels:  # right of the head is left in the first two, and front is left in the third
            assert panel.sum() > 50
            row, column = np.argwhere(panel).mean(axis=0)
            assert row < 250
            assert column < 250


def test_a_ct_takes_the_place_of_the_skull(tmp_path):
    case = head(spacing=(3.0, 3.0, 3.0))
    ct = case.defective.with_voxels(np.where(case.defective.voxels, 1300, -1000).astype(np.int16))
    write_slice_picture(case.defective, case.implant, tmp_path / "slices.png", title="CT", background=ct)
    with Image.open(tmp_path / "slices.png") as image:
        panel = np.asarray(image.convert("RGB"))[72:592, 10:530]
    assert (panel == 255).all(axis=-1).mean() > 0.01
    assert (panel == 0).all(axis=-1).mean() > 0.3


def test_a_ct_on_another_grid_lies_where_it_was_scanned(tmp_path):
    case = head(spacing=(3.0, 3.0, 3.0))
    ct = case.defective.with_voxels(np.where(case.defective.voxels, 1300, -1000).astype(np.int16))
    grown = [on_box(mask, box_from((0, -4, -2), np.array(mask.shape) + 5)) for mask in (case.defective, case.implant)]
    for name, masks in (("same", (case.defective, case.implant)), ("grown", grown)):
        write_slice_picture(*masks, tmp_path / f"{name}.png", title="CT", background=ct)
    with Image.open(tmp_path / "same.png") as same, Image.open(tmp_path / "grown.png") as other:
        np.testing.assert_array_equal(np.asarray(same), np.asarray(other))


def test_other_geometry_and_no_implant_are_refused(tmp_path):
    case = head(spacing=(4.0, 4.0, 4.0))
    moved = Volume(case.implant.voxels, case.implant.affine + np.diag([0.5, 0, 0, 0]))
    with pytest.raises(InputError, match="differ in geometry"):
        write_slice_picture(case.defective, moved, tmp_path / "slices.png", title="")
    nothing = case.implant.with_voxels(np.zeros(case.implant.shape, bool))
    with pytest.raises(InputError, match="no skull or implant"):
        write_slice_picture(case.defective, nothing, tmp_path / "slices.png", title="")
    assert not list(tmp_path.iterdir())
