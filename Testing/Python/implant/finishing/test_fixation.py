"""Plates, screws and holes for sutures on a spherical cap in a spherical skull, where every distance is known."""

from itertools import pairwise

import numpy as np
import pytest
from phantoms import OBLIQUE

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings
from CraNeXtLib.implant.finishing.fixation import Anchorage, fixed
from CraNeXtLib.implant.finishing.fixation_settings import FixationSettings
from CraNeXtLib.implant.symmetry_plane import SymmetryPlane

OUTER_MM, INNER_MM, RIM_MM = 66.0, 60.0, 30.0
"""Radii of the skull and of the hole, whose edge is vertical; the part is 0.5 mm smaller."""
SAGITTAL = SymmetryPlane(np.array([1.0, 0, 0]), 0.0)
OPTIONS = {"text_columns": None, "clearance_mm": 0.5, "wall_mm": 2.0}


def shell(half: int, *, turned=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distance outside a shell, distance from its axis, and the affine of a grid of 1 mm that is turned as a whole."""
    x, y, z = np.ogrid[-half : half + 1, -half : half + 1, 30:74]
    radius = np.sqrt(x**2 + y**2 + z**2)
    affine, turn = np.eye(4), np.eye(4)
    affine[:3, 3] = (-half, -half, 30)
    turn[:3, :3] = np.eye(3) if turned is None else turned
    return np.maximum(radius - OUTER_MM, INNER_MM - radius), np.hypot(x, y), turn @ affine


def cap(turned=None) -> Volume:
    outside, rho, affine = shell(36, turned=turned)
    return Volume(np.maximum(outside, rho - (RIM_MM - 0.5)).astype(np.float32), affine)


def skull(turned=None) -> Volume:
    outside, rho, affine = shell(52, turned=turned)
    return Volume((outside < 0) & (rho > RIM_MM), affine)


def local(holes, turned=None) -> np.ndarray:
    """Positions in the coordinates of the cap, shape (N, 3)."""
    return np.array([hole.place_ras_mm for hole in holes]) @ (np.eye(3) if turned is None else turned)


@pytest.mark.parametrize("turned", [None, OBLIQUE])
def test_screws_lie_on_bone_and_part_and_keep_their_distances(turned):
    part, settings = cap(turned), FixationSettings(plates=4, plate_kind="pocket", plate_thickness_mm=1.0)
    made = fixed(part, Anchorage(skull(turned), None), settings, **OPTIONS)
    assert (len(made.plates), made.warnings) == (4, ())
    assert [plate.next_mm for plate in made.plates] == pytest.approx([2 * np.pi * RIM_MM / 4] * 4, abs=4)
    screws = [screw for plate in made.plates for screw in plate.screws]
    places, inside = local(screws, turned), np.array([screw.purpose == "screw in part" for screw in screws])
    assert inside.sum() == len(screws) / 2 == 8
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), OUTER_MM, atol=0.6)
    rho = np.hypot(*places[:, :2].T)
    assert rho[inside].max() <= RIM_MM - 0.5 - 3 - 0.5
    assert rho[~inside].min() >= RIM_MM + 3 + 0.5
    assert [screw.depth_mm for screw in screws] == pytest.approx([6] * 16, abs=1)
    assert min(screw.edge_mm for screw in screws) >= 3
    for plate in made.plates:
        for first, second in pairwise([screw.place_ras_mm for screw in plate.screws]):
            assert np.linalg.norm(np.subtract(first, second)) >= settings.screw_diameter_mm + 2
    assert all(screw.midline_mm is None for screw in screws)


def test_a_recess_is_as_deep_as_the_plate_and_the_wall_below_stays():
    part = cap()
    options = {"plates": 4, "plate_thickness_mm": 1.5, "plate_width_mm": 6.0}
    flat, deep = (
        fixed(part, Anchorage(skull(), None), FixationSettings(plate_kind=kind, **options), **OPTIONS)
        for kind in ("straight", "pocket")
    )
    assert [plate.place_ras_mm for plate in flat.plates] == [plate.place_ras_mm for plate in deep.plates]
    removed = (flat.part.voxels < 0) & (deep.part.voxels >= 0)
    assert removed.sum() == pytest.approx(4 * 12 * 6.6 * 1.5, rel=0.2)
    radius = np.linalg.norm(part.to_ras(np.argwhere(removed)), axis=1)
    assert radius.min() > OUTER_MM - 2.6
    thin = FixationSettings(plate_kind="pocket", **options | {"plate_thickness_mm": 3, "plate_length_mm": 30})
    assert len(fixed(part, Anchorage(skull(), None), thin, **OPTIONS | {"wall_mm": 4.0}).plates) == 0


def test_screws_and_holes_keep_clear_of_the_midline_of_each_other_and_of_letters():
    part = cap()
    text = np.zeros(part.shape[:2], bool)
    text[30:43, 33:40] = True
    settings = FixationSettings(plates=4, suture_holes=6, suspension_holes=3, midline_mm=12, hole_edge_mm=4)
    made = fixed(part, Anchorage(skull(), SAGITTAL), settings, **OPTIONS | {"text_columns": text})
    screws = [screw for plate in made.plates for screw in plate.screws if screw.purpose == "screw in part"]
    holes = [*screws, *made.holes]
    assert [hole.purpose for hole in made.holes] == ["suture"] * 6 + ["suspension"] * 3
    assert np.abs(local([screw for plate in made.plates for screw in plate.screws])[:, 0]).min() >= 12
    places = local(holes)
    assert np.abs(places[:, 0]).min() >= 12
    assert [hole.midline_mm for hole in holes] == pytest.approx(np.abs(places[:, 0]), abs=0.1)
    radii = np.array([hole.diameter_mm / 2 for hole in holes])
    bottoms = places - [np.multiply(hole.axis_ras, hole.depth_mm) for hole in holes]
    for ends in (places, bottoms):
        gaps = np.linalg.norm(ends[:, None] - ends[None], axis=2) - radii[:, None] - radii
        assert gaps[~np.eye(len(holes), dtype=bool)].min() >= 2
    lettered = part.to_ras(np.column_stack([np.argwhere(text), np.zeros(text.sum())]))[:, :2]
    to_text = np.linalg.norm(places[:, None, :2] - lettered[None], axis=2).min(axis=1) - radii
    assert to_text.min() >= 1.5  # to the middles of the outermost pixels
    rim = RIM_MM - 0.5 - np.hypot(*local(made.holes)[:, :2].T) - 1
    assert rim.min() >= 4 - 0.8
    lost = (part.voxels < 0) & (made.part.voxels >= 0)
    below = places * (1 - 2 / OUTER_MM)  # 2 mm
    assert lost[tuple(np.rint(part.to_indices(below)).astype(int).T)].all()


@pytest.mark.parametrize("turned", [None, OBLIQUE])
def test_a_spur_reaches_from_the_rims_side_into_its_hole_and_leaves_room_for_a_suture(turned):
    part, sizes = cap(turned), {"suture_holes": 3, "suspension_holes": 1, "hole_diameter_mm": 5, "midline_mm": 0}
    plain, spurred = (
        fixed(part, Anchorage(skull(turned), None), FixationSettings(spur_mm=length, **sizes), **OPTIONS)
        for length in (0, 3)
    )
    places = [[hole.place_ras_mm for hole in made.holes] for made in (plain, spurred)]
    assert places[0] == places[1]
    field = spurred.part
    for hole in spurred.holes:
        place, axis, toward = (np.array(v) for v in (hole.place_ras_mm, hole.axis_ras, hole.spur.direction_ras))
        assert abs(axis @ toward) < 1e-3

        def solid(across, depth, along=place, normal=axis, tip=toward):
            point = along + across * tip - depth * normal
            return bool(field.voxels[tuple(np.rint(field.to_indices(point[None])[0]).astype(int))] < 0)

        depths = (-0.4, 1.75, 4.0)  # above the spur, in it, below it
        assert [solid(-1.2, depth) for depth in depths] == [False, True, False]
        assert [solid(1.8, depth) for depth in depths] == [False] * 3
        if hole.purpose == "suture":
            middle = (place - (np.eye(3) if turned is None else turned)[:, 2] * OUTER_MM) @ toward
            assert middle < 0  # it points to the middle of the part
    removed = [(part.voxels < 0).sum() - (made.part.voxels < 0).sum() for made in (plain, spurred)]
    volume = np.pi * 2.25**2 / 8 + 2.25 * (3 - 2.25 / 2)  # of its outline, up to the round root
    assert removed[0] - removed[1] == pytest.approx(4 * 2.25 * volume, rel=0.35)


def test_a_spur_without_room_for_a_suture_is_refused_with_what_to_change():
    for sizes, message in (
        ({"spur_mm": 2}, "needs holes of 4 mm for a suture beside it; set hole_diameter_mm to that"),
        ({"spur_mm": 4, "hole_diameter_mm": 4.5}, "needs holes of 5 mm"),
        ({"spur_mm": 0.5, "hole_diameter_mm": 6}, "set spur_mm to 1 or more, or to 0"),
    ):
        with pytest.raises(InputError, match=message):
            FinishSettings(fixation=FixationSettings(suture_holes=2, **sizes))


def test_what_finds_no_place_is_warned_of():
    bone = skull()
    bone = bone.with_voxels(bone.voxels & (np.arange(105) > 52)[:, None, None])  # there is none on the left
    many = FixationSettings(plates=20, suspension_holes=20, hole_edge_mm=12, hole_diameter_mm=6, midline_mm=0)
    made = fixed(cap(), Anchorage(bone, None), many, **OPTIONS)
    assert 4 < len(made.plates) < 20
    assert min(screw.place_ras_mm[0] for plate in made.plates for screw in plate.screws) > 0
    assert f"Only {len(made.plates)} of 20 plates" in made.warnings[0]
    assert "mm of the rim, between plates" in made.warnings[1]
    assert f"Only {len(made.holes)} of 20 suspension holes" in made.warnings[2]
    empty = fixed(cap().with_voxels(np.ones_like(cap().voxels)), Anchorage(bone, None), many, **OPTIONS)
    assert (empty.plates, empty.holes) == ((), ())
    assert empty.warnings == ("The piece is too small for plates and for holes for sutures.",)
    far = FixationSettings(plates=2, suture_holes=1, suspension_holes=1, midline_mm=60)
    nothing = fixed(cap(), Anchorage(skull(), SAGITTAL), far, **OPTIONS)
    assert (nothing.plates, nothing.holes, len(nothing.warnings)) == ((), (), 3)
    at_the_edge = fixed(cap(), Anchorage(skull(), None), FixationSettings(suture_holes=2, hole_edge_mm=0), **OPTIONS)
    assert [hole.edge_mm >= 2 for hole in at_the_edge.holes] == [True] * 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"plates": 2.5}, "plates must be a whole number from 0 to 40"),
        ({"plates": 2, "plate_length_mm": 12}, "too short for 2 screws"),
        ({"plates": 2, "plate_spacing_mm": 40}, "not both"),
        ({"plate_spacing_mm": 5}, "twice their width"),
        ({"plate_kind": "round"}, "straight or pocket"),
        ({"midline_mm": -1}, "midline_mm must be a number from 0 to 60"),
        ({"screw_mm": 1}, "no fixation setting screw_mm"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        FinishSettings.from_dict({"fixation": wrong})


def test_a_plate_as_long_as_the_refusal_says_has_room_for_its_screws():
    with pytest.raises(InputError) as refused:
        FixationSettings(plate_length_mm=12).screw_offsets_mm(0.5, 2.0)
    needed = float(str(refused.value).split("plate_length_mm to ")[1].split(" or")[0])
    first, last = FixationSettings(plate_length_mm=needed).screw_offsets_mm(0.5, 2.0)
    assert (first, last - first) == pytest.approx((5.25, 3.5), abs=0.1)
