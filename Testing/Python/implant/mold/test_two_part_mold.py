from functools import lru_cache

import numpy as np
import pytest
from molded_parts import AXES, cap, grooved, turned

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.solids import mesh_of
from CraNeXtLib.geometry.surface_distance import distances_to
from CraNeXtLib.implant.mold.keys import LARGER, Key
from CraNeXtLib.implant.mold.mold_check import TOLERANCE_MM, check_mold, is_printable
from CraNeXtLib.implant.mold.settings import MoldSettings
from CraNeXtLib.implant.mold.two_part_mold import TwoPartMold, make_mold, scaled_about_center

UP = np.array([0.0, 0, 1])
SMALL = {"wall_mm": 2, "land_mm": 2, "channel_mm": 2, "sprue_mm": 3, "vents": 2, "vent_mm": 1, "keys": 3, "key_mm": 4}


@lru_cache
def mold_of_cap() -> TwoPartMold:
    return make_mold(cap(holes=True), UP, MoldSettings(**SMALL))


def test_the_cavity_is_the_part_and_the_halves_come_apart():
    check = check_mold(mold_of_cap())
    assert check.passed
    assert check.cavity_mm < 0.01
    assert check.collision_mm3 < 0.1


def test_the_halves_fill_the_block_but_for_what_they_should_leave_free():
    mold = mold_of_cap()
    free = mold.block.volume() - mold.lower.volume() - mold.upper.volume()
    shafts = sum((shaft ^ mold.block - mold.undercut.part).volume() for shaft in (mold.sprue, *mold.vents))
    assert free == pytest.approx(mold.undercut.part.volume() + shafts + mold.between.volume(), rel=1e-4)


def test_the_block_leaves_the_wall_around_the_part():
    mold, settings = mold_of_cap(), MoldSettings(**SMALL)
    part, block = (np.array(solid.bounding_box()).reshape(2, 3) for solid in (mold.undercut.part, mold.block))
    least = settings.land_mm + settings.channel_mm + settings.wall_mm
    assert (part[0, :2] - block[0, :2] >= least - 1e-6).all()
    assert (block[1] - part[1] >= settings.wall_mm - 1e-6).all()
    assert part[0, 2] - block[0, 2] >= settings.wall_mm - 1e-6


def test_the_halves_meet_on_the_whole_seam():
    """Nothing is left free between them nearer to the cavity than the seam is wide."""
    x, y, _ = mesh_of(mold_of_cap().between).vertices.T
    assert np.hypot(x, y).min() - 12 >= SMALL["land_mm"] - 0.05


def test_there_is_the_wall_around_the_sockets_of_the_keys():
    mold, settings = mold_of_cap(), MoldSettings(**SMALL)
    block = np.array(mold.block.bounding_box()).reshape(2, 3)
    for key in mold.keys:
        wall = settings.wall_mm + key.socket_radius_mm(settings.key_clearance_mm)
        assert min(*(key.place[:2] - block[0, :2]), *(block[1, :2] - key.place[:2])) >= wall - 1e-6


@pytest.mark.parametrize("larger", [1.0, LARGER])
def test_the_gap_around_a_key_is_the_clearance_on_its_top_and_its_slope(larger):
    key = Key((0.0, 0.0, 10.0), 4.0 * larger, 4.8 * larger)
    boss, socket = mesh_of(key.boss(0)), mesh_of(key.socket(0, 0.5))
    above = boss.vertices[boss.vertices[:, 2] > 10.1]
    assert np.abs(distances_to(socket, above)) == pytest.approx(0.5, abs=0.02)


def test_the_sprue_is_where_the_part_is_highest():
    mold = mold_of_cap()
    box = np.array(mold.sprue.bounding_box()).reshape(2, 3)
    assert box[:, :2].mean(axis=0) == pytest.approx([0, 0], abs=1.5)
    assert len(mold.vents) == 2
    assert box[1, 0] - box[0, 0] == pytest.approx(3, abs=0.05)


def test_one_key_is_larger():
    radii = sorted(key.radius_mm for key in mold_of_cap().keys)
    assert radii == [2.0, 2.0, LARGER * 2]


def test_halves_of_a_turned_part_lie_around_it():
    mesh = turned(cap())
    up = AXES[:, 2]
    mold = make_mold(mesh, up, MoldSettings(**SMALL))
    upper = mold.frame.to_ras(mesh_of(mold.upper))
    lower = mold.frame.to_ras(mesh_of(mold.lower))
    nearest = np.minimum(*(np.abs(distances_to(half, mesh.vertices)) for half in (upper, lower)))
    assert (nearest < TOLERANCE_MM).mean() > 0.97  # the others are at the sprue and the vents
    assert is_printable(upper)
    assert upper.volume_ml > 0


def test_a_part_with_an_undercut_is_refused_with_depth_and_place():
    with pytest.raises(InputError, match=r"undercut by 1\.00 mm at RAS [-\d., ]+, and 0\.3 mm may be filled"):
        make_mold(grooved(1.0), UP, MoldSettings(**SMALL))


def test_a_shallow_undercut_is_filled_and_nothing_else():
    mold = make_mold(grooved(0.2), UP, MoldSettings(**SMALL))
    check = check_mold(mold)
    assert check.passed
    assert check.cavity_mm < 0.01
    assert mold.undercut.molded.volume() == pytest.approx(30 * 20 * 10)
    with pytest.raises(InputError, match="undercut by"):
        make_mold(grooved(0.2), UP, MoldSettings(**SMALL, undercut_mm=0.1))


def test_a_half_that_is_in_the_way_does_not_pass():
    mold = mold_of_cap()
    in_the_way = mold.lower + mold.sprue.translate([7, 0, -5])
    check = check_mold(TwoPartMold(**{**vars(mold), "lower": in_the_way}))
    assert not check.passed
    assert check.missing_mm3 > 1
    assert check.collision_mm3 > 1
    with pytest.raises(InputError, match="does not pass its own check"):
        check.refuse()


def test_the_cavity_is_larger_by_what_the_material_shrinks():
    settings = MoldSettings(shrinkage_percent=5)
    part = turned(cap())
    larger = scaled_about_center(part, settings.scale)
    assert larger.volume_ml * 0.95**3 == pytest.approx(part.volume_ml)
    assert np.ptp(larger.vertices, axis=0) * 0.95 == pytest.approx(np.ptp(part.vertices, axis=0))


def test_a_mold_without_channels_vents_and_gaps_passes():
    least = {"wall_mm": 2, "land_mm": 1, "channel_mm": 0, "sprue_mm": 2, "vents": 0, "keys": 2, "key_mm": 4}
    mold = make_mold(cap(), -UP, MoldSettings(**least, key_clearance_mm=0, press_margin_mm=0, pour="inner"))
    assert check_mold(mold).passed
    assert mold.overflow_mm3 == 0
    assert mold.vents == ()


def test_too_wide_a_sprue_is_refused():
    with pytest.raises(InputError, match="no place for a sprue of 20 mm"):
        make_mold(grooved(0.0), np.array([0.0, 1, 0]), MoldSettings(sprue_mm=20))
