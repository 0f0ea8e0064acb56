"""Parts in segments: closed, apart from each other, each inserted its own way."""

import dataclasses

import numpy as np
import pytest
from split_plates import framed_plate

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh_voxels import voxels_inside
from CraNeXtLib.geometry.surface_distance import distances_to
from CraNeXtLib.implant.finishing import FinishSettings, SegmentSettings, finish
from CraNeXtLib.implant.finishing.joints import joints_of
from CraNeXtLib.implant.fit.segment_check import check_segments
from CraNeXtLib.implant.fit.thinnest_wall import thinnest_wall

UP = (0.0, 0.0, 1.0)


@pytest.mark.parametrize("joint", ["lap", "gap"])
def test_segments_are_closed_keep_the_gap_and_overlap_as_set(joint):
    plate, bone = framed_plate()
    split = SegmentSettings(joint=joint, lap_mm=10, joint_gap_mm=1.0)
    finished = finish(plate, bone, FinishSettings(segments=split, insertion=UP))
    first, second = finished.segments
    assert first.is_watertight
    assert second.is_watertight
    assert [piece.segment for piece in finished.pieces] == [1, 2]
    assert np.median([piece.parts for piece in finished.pieces]) == 1
    gaps = distances_to(first, second.vertices)
    assert gaps.min() >= 0.9
    assert np.percentile(gaps[gaps < 1.5], 25) == pytest.approx(1.1, abs=0.12)
    walls = [thinnest_wall(mesh, 6.0, limit_mm=2.0)[0] for mesh in (first, second)]
    assert walls == pytest.approx([3.5, 3.5] if joint == "lap" else [6, 6], abs=0.7)  # both halves give way for the gap
    inner, outer = (np.array([[x, 0.0, z] for x in (-3.0, 3.0)]) for z in (1.5, 6.0))
    halves = [distances_to(mesh, np.concatenate([inner, outer])) < 0 for mesh in (first, second)]
    # Inside of the step there is the first segment on either side of the middle, outside of it the second one.
    lapped = [[True, True, False, False], [False, False, True, True]]
    straight = [[True, False, True, False], [False, True, False, True]]
    assert [half.tolist() for half in halves] == (lapped if joint == "lap" else straight)
    solid = sum(voxels_inside(mesh, plate.affine, plate.shape).voxels.astype(int) for mesh in (first, second))
    assert solid.max() == 1


def test_each_segment_goes_in_its_own_way_where_the_whole_part_would_lose_its_ends():
    plate, bone = framed_plate(lean=0.4)
    settings = FinishSettings(clearance_mm=0.3, edge_radius_mm=0, minimum_wall_mm=0)
    (whole,) = finish(plate, bone, settings).pieces
    split = dataclasses.replace(settings, segments=SegmentSettings(joint="gap"))
    finished = finish(plate, bone, split)
    left, right = finished.pieces
    assert whole.undercut_ml > 0.3
    assert left.undercut_ml + right.undercut_ml < 0.6 * whole.undercut_ml
    assert left.outward_ras[0] > 0.2
    assert right.outward_ras[0] < -0.15
    fits = check_segments(finished.segments, [piece.outward_ras for piece in finished.pieces], bone)
    assert max(fit.collision_mm for fit in fits) < 0.3
    straight_up = check_segments(finished.segments, [UP, UP], bone)
    assert straight_up[0].collision_mm > 1


@pytest.mark.parametrize(
    ("thickness", "segments", "sentence"),
    [
        (
            4,
            {},
            r"only [34]\.\d mm thick at a lap joint, whose two halves and gap need 5\.5 mm; choose --joint gap, a min",
        ),
        (8, {"count": 4}, r"58 mm long, and one of its 4 segments would be 1\d mm long, less than 20 mm"),
        (8, {"lap_mm": 16}, r"less than 32 mm; choose fewer --segments, or a shorter --lap-mm"),
    ],
)
def test_what_cannot_be_split_is_refused_by_name(thickness, segments, sentence):
    plate, bone = framed_plate(thickness_mm=thickness)
    with pytest.raises(InputError, match=sentence):
        finish(plate, bone, FinishSettings(segments=SegmentSettings(**segments)))


def test_a_lap_joint_counts_on_the_thickness_that_finishing_will_give():
    plate, _ = framed_plate(thickness_mm=3)
    joints_of(plate, np.array(UP), SegmentSettings(), FinishSettings(minimum_thickness_mm=6))
    thick, _ = framed_plate(thickness_mm=8)
    for thinner in ({"maximum_thickness_mm": 4}, {"under_contour_mm": 5}):
        with pytest.raises(InputError, match=r"only [34]\.\d mm thick at a lap joint"):
            joints_of(thick, np.array(UP), SegmentSettings(), FinishSettings(**thinner))


def test_an_outline_that_falls_apart_is_refused():
    plate, bone = framed_plate()
    voxels = plate.voxels.copy()
    voxels[38:, 20:30] = False  # a fork
    with pytest.raises(InputError, match=r"Segment 2 of the implant would be 2 separate parts"):
        finish(plate.with_voxels(voxels), bone, FinishSettings(segments=SegmentSettings(joint="gap")))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"count": 1}, "whole number from 2 to 6, not 1"),
        ({"joint": "glue"}, "must be lap or gap, not 'glue'"),
        ({"lap_mm": 40}, "segment setting lap_mm must be a number from 2 to 30, not 40"),
        ({"joint_gap_mm": -1}, "segment setting joint_gap_mm must be a number from 0 to 3, not -1"),
    ],
)
def test_settings_out_of_range_are_refused(given, sentence):
    with pytest.raises(InputError, match=sentence):
        SegmentSettings(**given)


def test_settings_come_back_from_json_and_need_a_way_in():
    settings = FinishSettings(segments=SegmentSettings(count=3, lap_mm=6))
    assert FinishSettings.from_dict(dataclasses.asdict(settings)) == settings
    with pytest.raises(InputError, match="Segments need a way in"):
        FinishSettings(segments=SegmentSettings(), insertion="none")
