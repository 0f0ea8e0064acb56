import numpy as np
import pytest
from manifold3d import Manifold

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.implant.mold.build_volume import key_warnings, pieces_of
from CraNeXtLib.implant.mold.mold_check import is_printable
from CraNeXtLib.implant.mold.settings import MoldSettings


def block() -> Manifold:
    return Manifold.cube([120, 80, 30])


def sizes(pieces) -> np.ndarray:
    return np.array([np.ptp(np.array(piece.bounding_box()).reshape(2, 3), axis=0) for piece in pieces])


@pytest.mark.parametrize("build", [None, (120, 80, 50), (80, 120, 50), (50, 80, 120)])
def test_what_fits_in_some_position_stays_whole(build):
    (piece,), _ = pieces_of(block(), MoldSettings(build_mm=build))
    assert piece.volume() == pytest.approx(120 * 80 * 30)


def test_a_long_block_becomes_two_keyed_pieces_that_fit():
    settings = MoldSettings(build_mm=(80, 80, 50))
    pieces, unkeyed = pieces_of(block(), settings)
    assert unkeyed == 0
    assert sizes(pieces) == pytest.approx(np.array([[60 + settings.key_height_mm, 80, 30], [60, 80, 30]]), abs=0.01)
    assert all(is_printable(mesh_of(piece)) for piece in pieces)
    assert abs((pieces[0] ^ pieces[1]).volume()) < 0.1
    gap = 120 * 80 * 30 - sum(piece.volume() for piece in pieces)  # around the key: 0.2 mm
    surface = np.pi * 8 * settings.key_height_mm + np.pi * 16
    assert gap == pytest.approx(settings.key_clearance_mm * surface, rel=0.2)
    apart = pieces[0].translate([-0.5, 0, 0])
    assert abs((apart ^ pieces[1]).volume()) < 0.1


@pytest.mark.parametrize(("height", "has_key"), [(19.0, True), (18.0, False)])
def test_a_key_has_the_whole_wall_around_it_or_is_left_out(height, has_key):
    settings = MoldSettings(build_mm=(80, 80, 50), key_mm=8.0, key_clearance_mm=0.2, wall_mm=5.0)
    (first, second), unkeyed = pieces_of(Manifold.cube([120, 80, height]), settings)
    assert unkeyed == (not has_key)
    assert (first.volume() > 60 * 80 * height + 1) == has_key
    assert (second.volume() < 60 * 80 * height - 1) == has_key


def test_four_pieces_fill_the_block_together():
    pieces, unkeyed = pieces_of(block(), MoldSettings(build_mm=(70, 50, 50)))
    assert (len(pieces), unkeyed) == (4, 0)
    assert (np.sort(sizes(pieces), axis=1) <= [50, 50, 70]).all()
    assert sum(piece.volume() for piece in pieces) == pytest.approx(120 * 80 * 30, rel=0.01)


def test_a_block_that_is_too_high_is_refused():
    with pytest.raises(InputError, match="120 x 80 x 130 mm large and cannot be split"):
        pieces_of(Manifold.cube([120, 80, 130]), MoldSettings(build_mm=(100, 100, 100)))


def test_cuts_without_a_key_are_warned_of():
    assert key_warnings({"outer": 0, "inner": 0}) == []
    (warning,) = key_warnings({"outer": 2, "inner": 0})
    assert warning.startswith("There is no room for a key at 2 cuts of the outer half, whose pieces meet there on flat")
