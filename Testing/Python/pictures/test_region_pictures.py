"""Each side shows the regions that lie on it, in their colors."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image
from pixel_colors import hue_is

from CraNeXtLib.anatomy.head.regions import REGIONS
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.pictures.region_pictures import write_frequency_picture, write_region_picture

LEFT, RIGHT = REGIONS[2], REGIONS[3]  # a green one and a blue one


def labeled_head(directions=None) -> Volume:
    """A skull whose left half has one label and whose right half has another."""
    skull = head(spacing=(3.0, 3.0, 3.0), directions=directions, holes=()).complete
    indices = np.argwhere(skull.voxels)
    labels = np.zeros(skull.shape, np.uint8)
    labels[tuple(indices.T)] = np.where(skull.to_ras(indices)[:, 0] < 0, LEFT.label, RIGHT.label)
    return skull.with_voxels(labels)


def views_of(path) -> dict[str, np.ndarray]:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    views = pixels[:-44]
    height, width = views.shape[0] // 2, views.shape[1] // 3
    names = ("front", "left", "above", "behind", "right", "below")
    return {
        name: views[number // 3 * height :, number % 3 * width :][28:height, :width]
        for number, name in enumerate(names)
    }


@pytest.mark.parametrize("directions", [np.eye(3), OBLIQUE], ids=["upright", "oblique"])
def test_regions_are_drawn_on_their_side_in_their_colors(tmp_path, directions):
    write_region_picture(labeled_head(directions), tmp_path / "regions.png")
    views = views_of(tmp_path / "regions.png")
    for name, shown, hidden in (("left", LEFT, RIGHT), ("right", RIGHT, LEFT)):
        assert hue_is(views[name], shown.color).mean() > 0.2
        assert hue_is(views[name], hidden.color).mean() < 0.02
    for name, left_is_on_the_left in (("front", False), ("above", True), ("behind", True), ("below", False)):
        left, right = (np.nonzero(hue_is(views[name], region.color))[1].mean() for region in (LEFT, RIGHT))
        assert (left < right) == left_is_on_the_left, name


def test_frequent_loss_is_drawn_darker_than_rare_loss(tmp_path):
    labels = labeled_head()
    percent = np.where(labels.voxels == LEFT.label, 40.0, np.where(labels.voxels == RIGHT.label, 2.0, 0.0))
    write_frequency_picture(labels, labels.with_voxels(percent), tmp_path / "frequency.png")
    views = views_of(tmp_path / "frequency.png")
    middles = {name: views[name][views[name].shape[0] // 2, views[name].shape[1] // 2] for name in ("left", "right")}
    np.testing.assert_allclose(middles["left"], (103, 0, 31), atol=12)  # the color of the highest frequency
    assert middles["right"].min() > 150
