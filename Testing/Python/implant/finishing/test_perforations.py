"""Holes through the implant: their number, their diameter and where they are."""

import numpy as np
import pytest
from scipy import ndimage

from CraNeXtLib import finish
from CraNeXtLib.implant.finishing import FinishSettings


@pytest.mark.slow
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
