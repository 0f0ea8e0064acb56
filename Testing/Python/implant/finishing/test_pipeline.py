"""Finishing as a whole: what comes out is closed, clear of bone, and as much of the implant as can be."""

import numpy as np
import pytest
from finishing_checks import clearance_mm, colliding
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phantoms import OBLIQUE, Head, head
from scipy import ndimage

from CraNeXtLib import finish
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings

SPACING = (1.0, 1.0, 1.0)
PLAIN = FinishSettings(clearance_mm=0, edge_radius_mm=0, insertion="none")


GRIDS = {
    "upright": (SPACING, np.eye(3)),
    "flipped and anisotropic": ((0.9, 1.0, 1.6), np.diag([-1.0, 1.0, -1.0])),
    "oblique": (SPACING, OBLIQUE),
}


@pytest.mark.slow
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
    assert wrong < 0.04 * phantom.implant.voxels.sum()  # most of them at its sharp edges
    assert finished.pieces[0].finished_ml == pytest.approx(finished.pieces[0].raw_ml, rel=0.03)


@pytest.mark.slow
def test_pores_inside_the_implant_are_filled(phantom):
    middle = np.rint(phantom.implant.to_indices(np.array([[41.0, 20.0, 56.0]]))[0]).astype(int)
    indices = np.argwhere(phantom.implant.voxels)
    deep = ndimage.distance_transform_edt(phantom.implant.voxels)[tuple(indices.T)] > 2.5
    chosen = indices[deep][np.linalg.norm(indices[deep] - middle, axis=1).argsort()[:8]]
    voxels = phantom.implant.voxels.copy()
    voxels[tuple(chosen.T)] = False
    finished = finish(phantom.implant.with_voxels(voxels), phantom.defective)
    assert finished.implant.voxels[tuple(chosen.T)].all()
    edges = len(finished.mesh.faces) * 3 // 2
    assert len(finished.mesh.vertices) - edges + len(finished.mesh.faces) == 2  # one closed surface without handles


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_implant_that_touches_the_volumes_border_or_lies_in_bone(phantom):
    top = int(np.argwhere(phantom.implant.voxels)[:, 2].max()) - 4
    cut = Head(*(Volume(volume.voxels[..., :top], volume.affine) for volume in phantom))
    overlapping = cut.implant.with_voxels(ndimage.binary_dilation(cut.implant.voxels, iterations=2))
    finished = finish(overlapping, cut.defective)
    assert finished.mesh.is_watertight
    assert not (finished.implant.voxels & cut.defective.voxels).any()
    assert clearance_mm(finished.implant, cut.defective) > 0.99


@pytest.mark.slow
@pytest.mark.parametrize(("radius", "refused"), [(1.0, True), (0.0, False)])
def test_a_plate_that_would_be_removed_as_a_sliver_is_refused(phantom, radius, refused):
    thin = FinishSettings(edge_radius_mm=radius, minimum_thickness_mm=0.6, maximum_thickness_mm=0.6, insertion="none")
    if not refused:
        finish(phantom.implant, phantom.defective, thin)
        return
    with pytest.raises(InputError, match=r"thicker than 1\.5 mm .* thickness of 0\.6 mm larger"):
        finish(phantom.implant, phantom.defective, thin)


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


blobs = st.integers(0, 2**32 - 1)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@example(seed=68, clearance=1.5, radius=0.0)  # a crumb of no volume was left
@example(seed=118, clearance=0.0, radius=0.0)  # with fewer triangles, an edge had four faces
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
