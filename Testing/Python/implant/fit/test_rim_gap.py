"""Gaps are those of the rim: the walls of holes face bone, too, but the part lies between."""

import numpy as np
from implant_plugs import HOLE, smaller
from phantoms import head

from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.implant.fit.rim_gap import rim_gaps
from CraNeXtLib.implant.fit.thickness import sides


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
