"""Finishing on generated heads, measured by code that shares nothing with it: by moving and by counting voxels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phantoms import OBLIQUE, Head, head
from scipy import ndimage

from CraNeXtLib import finish
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh, vertex_normals
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings

SPACING = (1.0, 1.0, 1.0)
PLAIN = FinishSettings(clearance_mm=0, edge_radius_mm=0, insertion="none")


@pytest.fixture(scope="module")
def phantom() -> Head:
    return head(spacing=SPACING)


def clearance_mm(implant: Volume, skull: Volume) -> float:
    """Least distance between middles of implant and bone voxels."""
    away = ndimage.distance_transform_edt(skull.voxels == 0, sampling=skull.spacing)
    return float(away[implant.voxels].min())


def colliding(implant: Volume, skull: Volume, direction: tuple[float, float, float], *, deeper_than_mm: float) -> int:
    """Number of voxels that meet bone, deeper than given, when the implant is moved 100 mm along a direction."""
    deep = ndimage.distance_transform_edt(skull.voxels, sampling=skull.spacing)
    places = np.argwhere(implant.voxels)
    step = np.linalg.solve(skull.affine[:3, :3], direction) * 0.5
    hit = np.zeros(len(places), bool)
    for number in range(200):
        moved = np.rint(places + number * step).astype(int)
        inside = ((moved >= 0) & (moved < skull.shape)).all(axis=1)
        hit[inside] |= deep[tuple(moved[inside].T)] > deeper_than_mm
    return int(hit.sum())


GRIDS = {
    "upright": (SPACING, np.eye(3)),
    "flipped and anisotropic": ((0.9, 1.0, 1.6), np.diag([-1.0, 1.0, -1.0])),
    "oblique": (SPACING, OBLIQUE),
}


@pytest.mark.parametrize("grid", GRIDS)
def test_a_finished_implant_keeps_clear_of_bone_in_place_and_on_the_way(grid):
    spacing, directions = GRIDS[grid]
    phantom = head(spacing=spacing, directions=directions)
    finished = finish(phantom.implant, phantom.defective, FinishSettings(clearance_mm=1.5))
    implant, skull = finished.implant, phantom.defective
    assert implant.has_geometry_of(phantom.implant, tolerance_mm=0)
    assert implant.voxels.dtype == bool
    assert not (implant.voxels & skull.voxels).any()
    assert clearance_mm(implant, skull) >= 1.5 - 0.25 * skull.spacing.max()
    (piece,) = finished.pieces
    assert colliding(implant, skull, piece.outward_ras, deeper_than_mm=0) == 0
    assert 0.8 < implant.voxels.sum() / phantom.implant.voxels.sum() < 1
    assert finished.mesh.is_watertight
    assert finished.mesh.volume_ml == pytest.approx(implant.voxels.sum() * implant.voxel_volume_mm3 / 1000, rel=0.02)
    outward = (phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))).mean(axis=0)
    assert np.dot(piece.outward_ras, outward) > 0


def test_without_any_step_the_implant_stays_as_it_is(phantom):
    finished = finish(phantom.implant, phantom.defective, PLAIN)
    wrong = (finished.implant.voxels ^ phantom.implant.voxels).sum()
    assert wrong < 0.05 * phantom.implant.voxels.sum()  # most of them at its sharp edges
    assert finished.pieces[0].finished_ml == pytest.approx(finished.pieces[0].raw_ml, rel=0.02)


def test_pores_inside_the_implant_are_filled(phantom):
    middle = np.rint(phantom.implant.to_indices(np.array([[41.0, 20.0, 56.0]]))[0]).astype(int)
    places = np.argwhere(phantom.implant.voxels)
    deep = ndimage.distance_transform_edt(phantom.implant.voxels)[tuple(places.T)] > 2.5
    chosen = places[deep][np.linalg.norm(places[deep] - middle, axis=1).argsort()[:8]]
    voxels = phantom.implant.voxels.copy()
    voxels[tuple(chosen.T)] = False
    finished = finish(phantom.implant.with_voxels(voxels), phantom.defective)
    assert finished.implant.voxels[tuple(chosen.T)].all()
    edges = len(finished.mesh.faces) * 3 // 2
    assert len(finished.mesh.vertices) - edges + len(finished.mesh.faces) == 2  # one closed surface without handles


def undercut_head() -> tuple[Head, np.ndarray]:
    """A head whose implant reaches 5 mm under the bone's edge on one side, so that it cannot come straight out."""
    phantom = head(spacing=SPACING, thickness_mm=8.0)
    points = phantom.implant.to_ras(np.argwhere(phantom.complete.voxels))
    direction = np.array([40.0, 20.0, 60.0]) / np.linalg.norm([40.0, 20, 60])
    radius = np.sqrt(((points / [75, 95, 75]) ** 2).sum(axis=1))
    aside = np.linalg.norm(points - (points @ direction)[:, None] * direction, axis=1)
    under = np.zeros(phantom.complete.shape, bool)
    chosen = (radius < 0.945) & (aside < 27) & (points @ direction > 0)
    under[tuple(np.argwhere(phantom.complete.voxels)[chosen].T)] = True
    implant = phantom.implant.voxels | under
    return Head(
        phantom.complete,
        phantom.complete.with_voxels(implant),
        phantom.complete.with_voxels(phantom.complete.voxels & ~implant),
    ), direction


def test_an_undercut_is_removed_and_only_that():
    phantom, direction = undercut_head()
    kept = finish(phantom.implant, phantom.defective, FinishSettings(insertion="none"))
    assert colliding(kept.implant, phantom.defective, direction, deeper_than_mm=1.5) > 100
    for insertion in ("auto", tuple(direction)):
        finished = finish(phantom.implant, phantom.defective, FinishSettings(insertion=insertion))
        way = finished.pieces[0].outward_ras
        assert colliding(finished.implant, phantom.defective, way, deeper_than_mm=1.01) == 0
        assert 0.5 < finished.pieces[0].undercut_ml < 3
        assert (finished.implant.voxels & ~kept.implant.voxels).sum() < 0.005 * kept.implant.voxels.sum()
    np.testing.assert_allclose(way, direction, atol=1e-3)


def test_a_bone_far_above_the_implant_is_in_the_way_too(phantom):
    voxels = phantom.defective.voxels.copy()
    bridge = phantom.defective.to_indices(np.array([[52.0, 26.0, 74.0], [68, 34, 90]]))  # 15 to 35 mm above the implant
    low, high = np.sort(np.rint(bridge).astype(int), axis=0)
    size = np.maximum(high, 0)
    padded = np.zeros(np.maximum(voxels.shape, size + 3), bool)
    padded[tuple(slice(n) for n in voxels.shape)] = voxels
    padded[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    implant = np.zeros(padded.shape, bool)
    implant[tuple(slice(n) for n in voxels.shape)] = phantom.implant.voxels
    skull = Volume(padded, phantom.defective.affine)
    finished = finish(Volume(implant, skull.affine), skull, FinishSettings(insertion=(40.0, 20, 60)))
    assert colliding(finished.implant, skull, finished.pieces[0].outward_ras, deeper_than_mm=1.01) == 0
    assert finished.pieces[0].undercut_ml > 0.5


def walls_mm(implant: Volume, mesh: Mesh, centre: np.ndarray, away_from: Volume) -> np.ndarray:
    """Ways straight through the mask from points of the outer side that lie 12 mm from other voxels, in mm."""
    normals = vertex_normals(mesh)
    far = ndimage.distance_transform_edt(away_from.voxels == 0, sampling=implant.spacing)
    nearby = np.rint(implant.to_indices(mesh.vertices)).astype(int).T
    outer = ((mesh.vertices - centre) * normals).sum(axis=1) > 0.8 * np.linalg.norm(mesh.vertices - centre, axis=1)
    chosen = np.flatnonzero(outer & (far[tuple(nearby)] > 12))[::20]
    steps = np.arange(0, 30, 0.1)
    points = mesh.vertices[chosen, None] - steps[:, None] * normals[chosen, None]
    indices = implant.to_indices(points.reshape(-1, 3)).T
    inside = ndimage.map_coordinates(implant.voxels.astype(float), indices, order=1).reshape(points.shape[:2]) > 0.5
    return inside.sum(axis=1) * 0.1


def test_thickness_is_brought_between_its_limits_on_the_inner_side(phantom):
    outer = ndimage.distance_transform_edt(phantom.complete.voxels | inside_of(phantom))
    for limits, expected in (((0, 4.0), 4.0), ((9.0, 0), 9.0), ((4.0, 8.0), 6.0)):
        least, most = limits
        chosen = FinishSettings(minimum_thickness_mm=least, maximum_thickness_mm=most)
        finished = finish(phantom.implant, phantom.defective, chosen)
        walls = walls_mm(finished.implant, finished.mesh, np.zeros(3), phantom.defective)
        assert len(walls) > 50
        np.testing.assert_allclose(walls, expected, atol=1.0)
        assert np.median(walls) == pytest.approx(expected, abs=0.3)
        added = finished.implant.voxels & ~phantom.implant.voxels
        assert (outer[added] < 4).sum() < 0.01 * phantom.implant.voxels.sum()
        assert finished.mesh.is_watertight


def inside_of(phantom: Head) -> np.ndarray:
    labels, _ = ndimage.label(~phantom.complete.voxels)
    return (labels != labels[0, 0, 0]) & (labels > 0)


def test_the_outer_side_is_set_back_in_the_middle_and_flush_at_the_bone(phantom):
    finished = finish(phantom.implant, phantom.defective, FinishSettings(under_contour_mm=2.0))
    plain = finish(phantom.implant, phantom.defective)
    lost = plain.implant.voxels & ~finished.implant.voxels
    to_bone = ndimage.distance_transform_edt(~phantom.defective.voxels)
    outside = ndimage.distance_transform_edt(phantom.complete.voxels | inside_of(phantom))
    middle = plain.implant.voxels & (to_bone > 12)
    assert lost[middle & (outside < 1.5)].all()
    assert not lost[middle & (outside > 2.8)].any()
    assert lost[plain.implant.voxels & (to_bone < 2.5)].mean() < 0.05


def test_holes_keep_their_diameter_and_their_distance_from_the_border(phantom):
    chosen = FinishSettings(perforation_diameter_mm=4, perforation_pitch_mm=10, perforation_border_mm=5)
    plain = finish(phantom.implant, phantom.defective)
    finished = finish(phantom.implant, phantom.defective, chosen)
    holes = finished.pieces[0].perforations
    assert 6 <= holes <= 20
    lost = plain.implant.voxels & ~finished.implant.voxels
    _, count = ndimage.label(lost, structure=np.ones((3, 3, 3)))
    assert count == holes
    assert lost.sum() / holes == pytest.approx(np.pi * 2**2 * 6.2, rel=0.2)
    assert ndimage.distance_transform_edt(~phantom.defective.voxels)[lost].min() > 4
    assert finished.mesh.is_watertight
    # A plate with n holes through it is a sphere with n handles.
    edges = len(finished.mesh.faces) * 3 // 2
    assert len(finished.mesh.vertices) - edges + len(finished.mesh.faces) == 2 - 2 * holes


def test_text_is_engraved_and_left_out_where_there_is_no_room():
    phantom = head(spacing=(0.9, 0.9, 0.9), holes=(((40.0, 20.0, 60.0), 35.0),))
    plain = finish(phantom.implant, phantom.defective)
    finished = finish(phantom.implant, phantom.defective, FinishSettings(engraving="F7"))
    cut = plain.pieces[0].finished_ml - finished.pieces[0].finished_ml
    assert 0.005 < cut < 0.1
    assert finished.mesh.is_watertight
    crowded = finish(phantom.implant, phantom.defective, FinishSettings(engraving=24 * "W"))
    assert crowded.pieces[0].finished_ml == plain.pieces[0].finished_ml
    assert "engraving" in crowded.warnings[0]


def test_several_pieces_and_crumbs_are_finished_each_on_its_own():
    phantom = head(holes=(((40.0, 20.0, 60.0), 25.0), ((-70.0, 0.0, 20.0), 22.0)))
    voxels = phantom.implant.voxels.copy()
    voxels[:2, :2, :2] = True  # 64 mm³ of nothing
    finished = finish(phantom.implant.with_voxels(voxels), phantom.defective)
    assert len(finished.pieces) == 2
    assert finished.pieces[0].raw_ml > finished.pieces[1].raw_ml
    assert finished.pieces[0].outward_ras[0] * finished.pieces[1].outward_ras[0] < 0
    assert not finished.implant.voxels[:2, :2, :2].any()
    assert ndimage.label(finished.implant.voxels, np.ones((3, 3, 3)))[1] == 2
    assert finished.mesh.is_watertight


def test_an_implant_that_touches_the_volumes_border_or_lies_in_bone(phantom):
    top = int(np.argwhere(phantom.implant.voxels)[:, 2].max()) - 4
    cut = Head(*(Volume(volume.voxels[..., :top], volume.affine) for volume in phantom))
    overlapping = cut.implant.with_voxels(ndimage.binary_dilation(cut.implant.voxels, iterations=2))
    finished = finish(overlapping, cut.defective)
    assert finished.mesh.is_watertight
    assert not (finished.implant.voxels & cut.defective.voxels).any()
    assert clearance_mm(finished.implant, cut.defective) > 0.99


def test_bad_input_is_refused_with_a_sentence(phantom):
    nothing = phantom.implant.with_voxels(np.zeros(phantom.implant.shape, bool))
    with pytest.raises(InputError, match="not empty"):
        finish(nothing, phantom.defective)
    with pytest.raises(InputError, match="outside the skull"):
        finish(phantom.defective, phantom.defective)
    with pytest.raises(InputError, match="leaves nothing"):
        finish(
            phantom.implant,
            phantom.defective,
            FinishSettings(clearance_mm=5, edge_radius_mm=10, insertion=(-40, -20, -60)),
        )
    with pytest.raises(InputError, match="one grid"):
        finish(phantom.implant.crop((slice(5, None),) * 3), phantom.defective)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clearance_mm": -1}, "clearance_mm must be a number from 0 to 5"),
        ({"clearance_mm": float("nan")}, "clearance_mm"),
        ({"edge_radius_mm": "1"}, "edge_radius_mm"),
        ({"minimum_thickness_mm": 4, "maximum_thickness_mm": 3}, "maximum thickness"),
        ({"perforation_diameter_mm": 12}, "pitch"),
        ({"insertion": "sideways"}, "direction R,A,S"),
        ({"insertion": "0,0,0"}, "direction R,A,S"),
        ({"insertion": (1, 2)}, "direction R,A,S"),
        ({"engraving": "line\nbreak"}, "engraving"),
        ({"clearence_mm": 1}, "no finishing setting clearence_mm"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        FinishSettings.from_dict(wrong)


def test_a_direction_may_be_text_or_numbers_of_any_length():
    assert FinishSettings(insertion="0, 0,-2").insertion == (0.0, 0.0, -1.0)
    assert FinishSettings.from_dict({"insertion": [0, 3, 4]}).insertion == (0.0, 0.6, 0.8)


blobs = st.integers(0, 2**32 - 1)


@settings(max_examples=20, deadline=None)
@given(seed=blobs, clearance=st.sampled_from([0.0, 0.5, 1.5]), radius=st.sampled_from([0.0, 1.0, 2.0]))
def test_whatever_the_masks_the_result_is_closed_and_clear_of_bone(seed, clearance, radius):
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.uniform(0.5, 2.0, 3)
    shape = tuple(rng.integers(6, 26, 3))
    noise = ndimage.gaussian_filter(rng.normal(size=(2, *shape)), (0, *rng.uniform(0.8, 3.0, 3)))
    implant, bone = (n > np.quantile(n, rng.uniform(0.4, 0.95)) for n in noise)
    implant, bone = Volume(implant, affine), Volume(bone, affine)
    chosen = FinishSettings(clearance_mm=clearance, edge_radius_mm=radius, minimum_thickness_mm=2, under_contour_mm=1)
    try:
        finished = finish(implant, bone, chosen)
    except InputError:  # nothing left, or nothing there
        return
    assert finished.mesh.is_watertight
    assert np.isfinite(finished.mesh.vertices).all()
    assert finished.mesh.volume_ml > 0
    assert finished.implant.shape == implant.shape
    assert not (finished.implant.voxels & bone.voxels).any()
    if finished.implant.voxels.any() and clearance:
        away = ndimage.distance_transform_edt(~bone.voxels, sampling=bone.spacing)[finished.implant.voxels]
        assert away.min() >= clearance - np.linalg.norm(bone.spacing) / 2  # from middle to middle
