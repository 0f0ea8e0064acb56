"""The picture shows bone and implant, needs no display, and names its sides rightly."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from PIL import Image

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.pictures.implant_pictures import BONE, IMPLANT, _best_sides, _sampled, write_implant_picture
from CraNeXtLib.pictures.mesh_renderer import Camera


def looks_like(pixels: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """Where pixels have a colour's hue, at any brightness but nearly black."""
    norms = np.linalg.norm(pixels, axis=-1, keepdims=True)
    return ((pixels / np.maximum(norms, 1)) @ (colour / np.linalg.norm(colour)) > 0.995) & (norms[..., 0] > 60)


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("CraNeXtLib.pictures.implant_pictures._SUPERSAMPLING", 0.5)


def test_three_best_sides_show_bone_and_implant(tmp_path):
    case = head(spacing=(2.5, 2.0, 3.0), directions=OBLIQUE)
    write_implant_picture(case.defective, case.implant, tmp_path / "picture.png", title="Phantom")
    with Image.open(tmp_path / "picture.png") as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    assert pixels.shape == (700, 1600, 3)
    for left in (10, 540, 1070):
        panel = pixels[72:632, left : left + 520]
        assert looks_like(panel, BONE).mean() > 0.2
        assert 0.01 < looks_like(panel, IMPLANT).mean() < 0.3
    facing = np.argwhere(looks_like(pixels[72:632, 10:530], IMPLANT)).mean(axis=0)
    np.testing.assert_allclose(facing, (280, 260), atol=40)


def test_best_sides_are_the_ones_that_see_the_implant():
    case = head(spacing=(3.0, 3.0, 3.0), holes=(((-60, 40, 40), 20),))
    captions = list(_best_sides(_sampled(case.defective, case.implant)))
    assert captions[0] == "Facing the implant"
    assert "From the left" in captions
    assert "From the right" not in captions


def test_viewer_in_front_sees_the_patients_right_on_the_left():
    camera = Camera.looking_from(np.array([0.0, 1, 0]))
    assert camera.side_letters == ("R", "L")
    np.testing.assert_allclose(camera.rotation[1], [0, 0, -1])
    assert Camera.looking_from(np.array([0.0, 0, 1])).side_letters == ("L", "R")
    assert np.linalg.det(camera.rotation) == pytest.approx(1)


def test_skull_without_implant_is_drawn(tmp_path):
    case = head(spacing=(4.0, 4.0, 4.0), holes=())
    write_implant_picture(case.defective, case.implant, tmp_path / "picture.png", title="Intact")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_other_geometry_and_empty_skull_are_refused(tmp_path):
    case = head(spacing=(4.0, 4.0, 4.0))
    with pytest.raises(InputError, match="geometry"):
        write_implant_picture(case.defective, case.implant.crop((slice(1, None),) * 3), tmp_path / "p.png", title="")
    empty = case.implant.with_voxels(np.zeros(case.implant.shape, dtype=bool))
    with pytest.raises(InputError, match="empty"):
        write_implant_picture(empty, empty, tmp_path / "p.png", title="")
    assert not list(tmp_path.iterdir())
