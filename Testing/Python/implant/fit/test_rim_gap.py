"""Gaps are those of the rim: the walls of holes face bone, too, but the part lies between."""

import numpy as np
from implant_plugs import HOLE, smaller
from phantoms import head

from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.fit_check import check_fit
from CraNeXtLib.implant.fit.rim_gap import rim_gaps, taken_by_bevel
from CraNeXtLib.implant.fit.thickness import OUTER, sides


def test_the_walls_of_a_hole_are_no_rim():
    phantom = head(spacing=(1.0, 1.0, 1.0), holes=((HOLE, 25.0),))
    implant, axis = smaller(phantom, 24.0), np.array(HOLE) / np.linalg.norm(HOLE)
    points = np.argwhere(implant.voxels)
    beside = implant.to_ras(points) - HOLE - (0, 15, 0)  # the edge of the hole is 6.5 mm from the border
    drilled = implant.voxels.copy()
    drilled[tuple(points[np.linalg.norm(np.cross(beside, axis), axis=1) < 2.5].T)] = False
    assert 80 < implant.voxels.sum() - drilled.sum() < 160

    def measured(mask):
        mesh = surface_of(implant.with_voxels(mask))
        gaps = rim_gaps(mesh, np.arange(len(mesh.vertices)), sides(mesh, np.zeros(3)), phantom.defective, axis).gaps_mm
        return gaps[np.isfinite(gaps)]

    whole, holed = measured(implant.voxels), measured(drilled)
    assert holed.max() < 3
    assert len(holed) == len(whole)


def test_a_bevel_takes_more_the_farther_below_the_outer_side():
    block = np.pad(np.ones((12, 12, 6), bool), 2)
    mesh = surface_of(Volume(block, np.eye(4)), iterations=0)
    side = np.where(mesh.vertices[:, 2] > mesh.vertices[:, 2].max() - 0.1, OUTER, OUTER + 1)
    taken = taken_by_bevel(mesh, side, 10.0)
    lowest = mesh.vertices[:, 2] == mesh.vertices[:, 2].min()
    rim = lowest & (mesh.vertices[:, 0] == mesh.vertices[lowest, 0].min())
    np.testing.assert_allclose(taken[rim], 6 * np.tan(np.deg2rad(10)), rtol=0.02)
    assert not taken[side == OUTER].any()
    assert not taken_by_bevel(mesh, side, 0.0).any()


def test_what_a_bevel_takes_is_no_misfit():
    phantom = head(spacing=(3.0, 3.0, 3.0), thickness_mm=9.0, holes=((HOLE, 25.0),))
    implant = smaller(phantom, 22.5)  # 2.5 mm from the bone, 1 mm too much
    plain, beveled = (check_fit(implant, phantom.defective, rim_bevel_deg=bevel) for bevel in (0.0, 25.0))
    assert plain.numbers["rim_gap_mm"] == beveled.numbers["rim_gap_mm"]
    assert plain.numbers["rim_within_percent"] < 15
    assert 30 < beveled.numbers["rim_within_percent"] < 95  # below the outer edge only
