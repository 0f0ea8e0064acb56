"""A sheet over a round hole in a spherical skull: its size, its thickness, and that it lies on the bone."""

import numpy as np
import pytest
from phantoms import OBLIQUE, Head, head
from scipy.spatial import cKDTree

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.onlay.sheet import Sheet, check_onlay, onlay_sheet

RADIUS_MM, HOLE_MM, OVERLAP_MM, THICKNESS_MM = 75.0, 25.0, 10.0, 0.6


@pytest.fixture(scope="module", params=[None, OBLIQUE])
def made(request) -> tuple[Head, Sheet]:
    options = {"holes": (((0.0, 0.0, RADIUS_MM), HOLE_MM),), "half_axes_mm": (RADIUS_MM,) * 3}
    phantom = head(spacing=(1.5, 1.5, 1.5), directions=request.param, **options)
    return phantom, onlay_sheet(phantom.implant, phantom.defective, thickness_mm=THICKNESS_MM, overlap_mm=OVERLAP_MM)


def test_the_sheet_is_closed_and_has_its_thickness_and_overlap(made):
    _, sheet = made
    assert sheet.solid.is_watertight
    assert sheet.solid.volume_ml * 1000 == pytest.approx(100 * sheet.area_cm2 * THICKNESS_MM, rel=0.03)
    half = len(sheet.under.vertices)
    walls = np.linalg.norm(sheet.solid.vertices[half:] - sheet.solid.vertices[:half], axis=1)
    assert walls == pytest.approx(THICKNESS_MM, abs=1e-6)
    edge = 2 * np.arcsin(HOLE_MM / 2 / RADIUS_MM) + 2 * np.arcsin(OVERLAP_MM / 2 / RADIUS_MM)  # angle from the axis
    rim = sheet.under.vertices[sheet.loop]
    assert np.hypot(rim[:, 0], rim[:, 1]) == pytest.approx(RADIUS_MM * np.sin(edge), abs=1.2)
    assert 100 * sheet.area_cm2 == pytest.approx(2 * np.pi * RADIUS_MM**2 * (1 - np.cos(edge)), rel=0.04)


def test_the_sheet_lies_on_the_bone_and_does_not_cut_into_it(made):
    phantom, sheet = made
    assert np.linalg.norm(sheet.under.vertices, axis=1) == pytest.approx(RADIUS_MM, abs=1.0)
    assert 0 <= sheet.gap_mm[0] < 0.4
    assert sheet.gap_mm[1] < 1.2
    bone = phantom.defective.to_ras(np.argwhere(phantom.defective.voxels))
    near, nearest = cKDTree(sheet.under.vertices).query(bone)
    above = ((bone - sheet.under.vertices[nearest]) * sheet.under.vertex_normals[nearest]).sum(axis=1)
    assert above[near < 3].max() < 0  # the middle of no voxel


@pytest.mark.parametrize(("thickness", "overlap"), [(0.1, 10), (0.6, 1), (4, 10), (0.6, 50)])
def test_sizes_of_no_sheet_are_refused(thickness, overlap):
    with pytest.raises(InputError, match=r"--onlay-mm must be a number from .* mm, not"):
        check_onlay(thickness, overlap)
