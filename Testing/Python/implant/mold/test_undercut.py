import pytest
from manifold3d import Manifold
from molded_parts import cap, grooved

from CraNeXtLib.implant.mold.undercut import RESOLUTION_MM, Undercut, undercut_of


@pytest.mark.parametrize("depth", [0.1, 0.5, 3.0])
def test_a_groove_is_as_deep_as_it_was_cut(depth):
    undercut = undercut_of(grooved(depth), -5.0, 15.0)
    assert undercut.depth_mm == pytest.approx(depth, abs=RESOLUTION_MM)
    assert undercut.filling.volume() == pytest.approx(30 * depth * 2)
    assert undercut.molded.volume() == pytest.approx(30 * 20 * 10)
    assert 0 <= undercut.place[1] <= depth
    assert 4 <= undercut.place[2] <= 6


@pytest.mark.parametrize("holes", [False, True])
def test_a_cap_seen_along_its_axis_has_no_undercut(holes):
    undercut = undercut_of(cap(holes=holes), 10.0, 30.0)
    assert undercut.depth_mm == 0
    assert undercut.place is None


def test_a_slit_between_what_is_swept_is_no_slit_in_the_molded_part():
    part = Manifold.cube([10, 10, 10])
    slit = Manifold.cube([1e-5, 10, 5]).translate([4, 0, 2])
    undercut = Undercut(part, part - slit, part, Manifold(), 0.0, None)
    assert (undercut.above ^ undercut.below).surface_area() == pytest.approx(700, abs=1)
    assert undercut.molded.surface_area() == pytest.approx(600)
