"""Holes through the implant: their number, their diameter and where they are."""

import numpy as np
import pytest
from scipy import ndimage

from CraNeXtLib import finish
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings
from CraNeXtLib.implant.finishing.perforations import perforate


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


@pytest.mark.parametrize("wall_mm", [0.0, 2.0, 3.5])
def test_holes_keep_the_wall_between_them_and_a_text(wall_mm):
    x, y, z = (axis * 0.5 for axis in np.ogrid[:80, :80, :30])
    plate = np.max(np.broadcast_arrays(np.abs(x - 20) - 18, np.abs(y - 20) - 18, np.abs(z - 8) - 2), axis=0)
    part = Volume(plate.astype(np.float32), np.diag([0.5, 0.5, 0.5, 1.0]))
    text = np.zeros((80, 80), bool)
    text[20:60, 34:46] = True
    options = {"diameter_mm": 3.0, "pitch_mm": 5.0, "border_mm": 2.0, "center": np.array([20.0, 20, -200])}
    holed, bores = perforate(part, **options, keep_free=text, wall_mm=wall_mm)
    lost = ((part.voxels < 0) & (holed.voxels >= 0)).any(axis=2)
    nearest_mm = 0.5 * ndimage.distance_transform_edt(~text)[lost].min()
    assert len(bores) > 10
    assert {bore.radius_mm for bore in bores} == {1.5}
    assert wall_mm - 0.25 <= nearest_mm < wall_mm + 2.5
