"""The picture shows bone and implant, needs no display, and labels its sides correctly."""

from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image, ImageDraw
from pixel_colors import hue_is

from CraNeXtLib.pictures import implant_pictures
from CraNeXtLib.pictures.implant_pictures import SkullViews, best_sides, write_implant_picture
from CraNeXtLib.pictures.palette import BONE, IMPLANT
from CraNeXtLib.pictures.skull_renderer import SkullScene


@pytest.fixture(autouse=True)
def _no_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)


def panels_of(path, rows=1) -> list[np.ndarray]:
    """Return the views of a picture, row by row."""
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    assert pixels.shape == (100 + 600 * rows, 1600, 3)
    return [
        pixels[72 + 600 * row : 632 + 600 * row, left : left + 520] for row in range(rows) for left in (10, 540, 1070)
    ]


def test_three_best_sides_show_bone_and_implant(tmp_path):
    case = head(spacing=(2.5, 2.0, 3.0), directions=OBLIQUE)
    views = SkullViews(SkullScene.of(case.defective, case.implant), supersampling=0.5)
    write_implant_picture(views, tmp_path / "p.png", title="Phantom")
    panels = panels_of(tmp_path / "p.png")
    for panel in panels:
        assert hue_is(panel, BONE, brighter_than=60).mean() > 0.2
        assert 0.01 < hue_is(panel, IMPLANT, brighter_than=60).mean() < 0.3
    facing = np.argwhere(hue_is(panels[0], IMPLANT, brighter_than=60)).mean(axis=0)
    np.testing.assert_allclose(facing, (280, 260), atol=40)


def test_best_sides_are_the_ones_that_see_the_implant():
    case = head(spacing=(3.0, 3.0, 3.0), holes=(((-60, 40, 40), 20),))
    captions = list(best_sides(SkullScene.of(case.defective, case.implant)))
    assert captions[0] == "Facing the implant"
    assert "From the left" in captions
    assert "From the right" not in captions


@pytest.mark.parametrize(
    ("facing", "others"),
    [
        ((0.0, 0.98, 0.2), ["From above", "From the right"]),  # no front once more
        ((0.8, 0.0, -0.6), ["From the right", "From the front"]),  # never from below
    ],
)
def test_the_next_best_sides_show_something_new(facing, others):
    sides = best_sides(SimpleNamespace(implant_direction=np.array(facing)))
    assert list(sides) == ["Facing the implant", *others]


@pytest.mark.parametrize(
    ("size_mm", "tightest"),
    [((100, 100, 300), 300 / 560), ((100, 300, 100), 300 / 520), ((150, 100, 100), 150 / 520)],
)
def test_all_views_have_the_scale_with_which_the_largest_extent_fits(size_mm, tightest):
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * np.array(size_mm)
    views = SkullViews(SimpleNamespace(surface_points=corners, implant_direction=None), supersampling=2.0)
    assert views.pixel_mm == pytest.approx(1.04 * tightest / 2)


def test_each_view_is_drawn_once_and_its_sides_are_named_in_every_picture(tmp_path, monkeypatch):
    drawn, texts, draw_text = [], [], ImageDraw.ImageDraw.text

    def render(_scene, camera, shape, _pixel_mm):
        drawn.append(tuple(camera.rotation[2].round(3)))
        return np.zeros((*shape, 3), np.uint8)

    def text(self, place, content, **options):
        texts.append((content, place[0]))
        draw_text(self, place, content, **options)

    monkeypatch.setattr(implant_pictures, "render_skull", render)
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    case = head(spacing=(6.0, 6.0, 6.0))
    views = SkullViews(SkullScene.of(case.defective, case.implant), supersampling=0.1)
    write_implant_picture(views, tmp_path / "six.png", title="", six_sides=True)
    letters = [(left, content) for content, left in texts if len(content) == 1]
    pairs = ["".join(letter for _, letter in sorted(pair)) for pair in zip(letters[::2], letters[1::2], strict=True)]
    assert pairs == ["RL", "PA", "LR", "LR", "AP", "RL"]
    write_implant_picture(views, tmp_path / "three.png", title="")
    assert len(drawn) == len(set(drawn)) == 7


def test_six_sides_show_an_implant_in_front_where_it_is_visible(tmp_path):
    case = head(spacing=(4.0, 4.0, 4.0), holes=(((0.0, 90.0, 0.0), 30.0),))
    views = SkullViews(SkullScene.of(case.defective, case.implant), supersampling=0.3)
    write_implant_picture(views, tmp_path / "p.png", title="Six", six_sides=True)
    front, right, above, behind, left, below = (
        hue_is(p, IMPLANT, brighter_than=60).mean() for p in panels_of(tmp_path / "p.png", 2)
    )
    assert front > 4 * max(right, above, left, below)
    assert behind == 0


def test_skull_without_implant_is_drawn_from_the_front_the_left_and_above(tmp_path):
    case = head(spacing=(4.0, 4.0, 4.0), holes=())
    views = SkullViews(SkullScene.of(case.defective, case.implant), supersampling=0.5)
    write_implant_picture(views, tmp_path / "p.png", title="Intact")
    assert list(best_sides(SkullScene.of(case.defective, case.implant))) == [
        "From the front",
        "From the left",
        "From above",
    ]
    front, left, above = panels_of(tmp_path / "p.png")
    for panel, size_mm in ((front, (150, 150)), (left, (150, 190)), (above, (190, 150))):
        assert not hue_is(panel, IMPLANT, brighter_than=60).any()
        bone = np.argwhere(hue_is(panel, BONE, brighter_than=60))
        assert len(bone) == pytest.approx(np.pi / 4 * np.prod(np.ptp(bone, axis=0) + 1), rel=0.07)  # a full ellipse
        height, width = np.ptp(bone, axis=0)
        assert height / width == pytest.approx(size_mm[0] / size_mm[1], rel=0.04)
