"""Pictures of distances: their colors, their scale, their legend and their views."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from plain_metrics import plate

from CraNeXtLib.evaluation.distance_maps import DistanceMap, distance_map
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.pictures.distance_pictures import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    UNMEASURED,
    color_range,
    colors_of,
    views_from,
    write_distance_picture,
)
from CraNeXtLib.pictures.png_files import FOOT_PIXELS


def test_picture_shows_colors_and_legend(tmp_path):
    implant, reference, _ = plate(0)
    moved = surface_of(implant.with_voxels(np.roll(implant.voxels, 4, 2)))
    distances = distance_map(moved, surface_of(reference))
    path = tmp_path / "map.png"
    views = views_from(np.array([0, 0, 1]))
    write_distance_picture(distances, path, views=views, title="Plate", legend="Distance in mm")
    with Image.open(path) as image:
        picture = np.asarray(image.convert("RGB")).astype(int)
    assert picture.shape == (760 + FOOT_PIXELS, 1500, 3)
    picture = picture[:760]
    red, _, blue = np.moveaxis(picture, -1, 0)
    left, right = np.arange(1500) < 750, np.arange(1500) >= 750
    above_the_legend = np.arange(760)[:, None] < 640
    assert ((red > 1.5 * blue) & left & above_the_legend).sum() > 20000  # outside: proud of the reference
    assert ((blue > 1.5 * red) & right & above_the_legend).sum() > 20000  # inside: sunken
    assert (picture[640:].sum(axis=-1) < 300).sum() > 300  # letters and numbers
    assert len(np.unique(picture[640:].reshape(-1, 3), axis=0)) > 40


def test_pictures_scale_holds_nearly_all_values_and_stays_fixed_if_wished():
    values = np.append(np.linspace(0, 2.2, 400), [9, np.nan])
    assert color_range(values) == (0, 2.5)
    assert color_range(np.append(values, -0.1)) == (-2.5, 2.5)
    assert color_range(np.full(3, np.nan)) == (0, 1)
    colors = colors_of(np.array([-9.0, -3, 0, 3, np.nan]), 3, signed=True)
    np.testing.assert_array_equal(colors, [NEGATIVE, NEGATIVE, NEUTRAL, POSITIVE, UNMEASURED])


def test_thickness_is_red_where_it_is_below_its_limit():
    colors = colors_of(np.array([0.0, 1, 2, 6, 9]), 6, signed=False, least_mm=2)
    np.testing.assert_allclose(colors, [POSITIVE, np.mean([POSITIVE, NEUTRAL], axis=0), NEUTRAL, NEGATIVE, NEGATIVE])


@pytest.mark.parametrize(("deepest", "signs"), [(-5.7, ["< -2.50", "1.25"]), (-2.0, ["-2.50"])])
def test_the_legend_says_where_values_lie_beyond_its_scale(tmp_path, monkeypatch, deepest, signs):
    mesh = surface_of(plate(0)[0])
    values = np.full(len(mesh.vertices), 2.3)
    values[0] = deepest
    drawn = []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda _self, _place, text, **_: drawn.append(text))
    views = {"from outside": np.array([0.0, 0, 1])}
    distances = DistanceMap(mesh, values, "gap_mm")
    write_distance_picture(distances, tmp_path / "a.png", views=views, title="Rim", legend="mm", case_id="A-7")
    assert set(signs) <= set(drawn)
    assert "2.50" in drawn
    assert "Case A-7. For research use, not for clinical decisions." in drawn


def test_views_are_four_sides_that_exist():
    for outside in ([0, 0, 1], [1, 0, 0], [0, -1, 0.3], [0.6, 0.6, 0.5]):
        views = views_from(np.array(outside), oblique=True)
        assert len(views) == 4
        assert all(np.isfinite(view).all() and view @ outside > 0 for view in views.values())
