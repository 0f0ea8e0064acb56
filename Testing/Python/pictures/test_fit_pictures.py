"""The fit check's pictures show where a part overlaps bone, protrudes or was not measured."""

import numpy as np
import pytest
from phantoms import head
from PIL import Image

from CraNeXtLib import check_fit
from CraNeXtLib.pictures.distance_pictures import UNMEASURED
from CraNeXtLib.pictures.fit_pictures import FIT_PICTURES, write_fit_pictures
from CraNeXtLib.pictures.png_files import FOOT_PIXELS


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Views of the three pictures, of a part that is shifted forward by 3 mm and thus overlaps bone in front."""
    folder = tmp_path_factory.mktemp("fit")
    case = head(spacing=(1.5, 1.5, 1.5), holes=(((70.0, 0.0, 35.0), 25.0),))
    moved = case.implant.with_voxels(np.roll(case.implant.voxels, 2, axis=1))
    write_fit_pictures(check_fit(moved, case.defective), case.defective, folder)
    views = {}
    for name in FIT_PICTURES:
        with Image.open(folder / name) as image:
            views[name] = np.asarray(image.convert("RGB"), dtype=int)[: -120 - FOOT_PIXELS]
    assert {path.name for path in folder.iterdir()} == set(FIT_PICTURES)
    return views


@pytest.mark.slow
def test_overlap_is_blue_a_gap_is_red_and_the_rest_is_gray(pictures):
    red, green, blue = np.moveaxis(pictures["fit_gap.png"], -1, 0)
    assert (blue > 1.5 * red).sum() > 300
    assert (red > 1.5 * blue).sum() > 300
    colorless = (np.abs(red - green) < 3) & (np.abs(blue - green) < 3) & (green < 255 * UNMEASURED[1])
    assert colorless.mean() > 0.05


def test_a_plate_of_6_mm_is_blue_and_red_only_at_its_edges(pictures):
    red, _, blue = np.moveaxis(pictures["fit_thickness.png"], -1, 0)
    assert (blue > 1.5 * red).mean() > 0.1
    assert (red > 1.5 * blue).mean() < 0.02


def test_symmetry_is_measured_only_on_the_outer_side(pictures):
    outside, inside = np.split(pictures["fit_symmetry.png"], 2, axis=1)
    drawn = [(view < 250).any(axis=-1) for view in (outside, inside)]
    gray = [np.ptp(view, axis=-1) < 3 for view in (outside, inside)]
    assert (gray[0] & drawn[0]).sum() < 0.7 * drawn[0].sum()
    assert (gray[1] & drawn[1]).sum() > 0.9 * drawn[1].sum()
