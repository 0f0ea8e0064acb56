"""The outline of bone lies on the edge of the bone, in every plane and whatever the volume's axes."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image

from CraNeXtLib.pictures.ct_pictures import write_bone_picture


@pytest.mark.slow
@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE], ids=["upright", "oblique"])
def test_twelve_slices_outline_the_bone(tmp_path, directions):
    case = head(spacing=(2.0, 2.0, 2.0), directions=directions)
    ct = case.defective.with_voxels(np.where(case.defective.voxels, 1300, -1000).astype(np.int16))
    write_bone_picture(ct, case.defective, tmp_path / "ct.png")
    with Image.open(tmp_path / "ct.png") as image:
        pixels = np.asarray(image.convert("RGB"), dtype=int)
    orange = (pixels[..., 0] > 150) & (pixels[..., 2] < 90) & (pixels[..., 1] > 90)
    white = (pixels > 230).all(axis=-1)
    for row in np.array_split(np.arange(60, 1060), 3):
        for column in np.array_split(np.arange(1430), 4):
            outline, bone = (mask[np.ix_(row, column)] for mask in (orange, white))
            assert outline.sum() > 200
            assert bone.sum() > 200


@pytest.mark.slow
def test_a_mask_that_misses_bone_outlines_less(tmp_path):
    case = head(spacing=(3.0, 3.0, 3.0))
    ct = case.complete.with_voxels(np.where(case.complete.voxels, 1300, -1000).astype(np.int16))
    counts = []
    half = case.complete.voxels & (np.arange(case.complete.shape[0]) < case.complete.shape[0] / 2)[:, None, None]
    for mask in (case.complete.voxels, half):
        write_bone_picture(ct, case.complete.with_voxels(mask), tmp_path / "ct.png")
        with Image.open(tmp_path / "ct.png") as image:
            pixels = np.asarray(image.convert("RGB"), dtype=int)
        counts.append(((pixels[..., 0] > 150) & (pixels[..., 2] < 90) & (pixels[..., 1] > 90)).sum())
    assert counts[1] < 0.75 * counts[0]
