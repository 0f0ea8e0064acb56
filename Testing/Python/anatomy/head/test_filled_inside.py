"""A mask whose inside is filled is told from a skull, however it lies in its volume."""

from dataclasses import replace

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from scipy import ndimage

from CraNeXtLib.anatomy.head.filled_inside import solid_warnings
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit


@pytest.mark.parametrize("directions", [np.diag([-1.0, -1, 1]), OBLIQUE])
def test_a_filled_brain_is_noticed_and_a_skull_with_specks_is_not(directions):
    phantom = head(spacing=(3.0, 4.0, 2.5), directions=directions, thickness_mm=9.0)
    template = phantom.complete.with_voxels(2 * phantom.complete.voxels.astype(np.uint8))
    pose = HeadPose(np.eye(4), template, PoseFit(1.0, 0.1, 0.1, (1.0, 1.0)))
    assert solid_warnings(phantom.defective, pose) == []
    rng = np.random.default_rng(0)
    specks = phantom.defective.voxels | (rng.random(phantom.defective.shape) < 0.01)
    assert solid_warnings(phantom.defective.with_voxels(specks), pose) == []
    solid = phantom.complete.with_voxels(ndimage.binary_fill_holes(phantom.complete.voxels))
    (warning,) = solid_warnings(solid, pose)
    assert warning.startswith("100% of the space inside the skull counts as bone")
    assert solid_warnings(solid, replace(pose, fit=PoseFit(20.0, 0.9, 0.9, (1.0, 1.0)))) == []
    half = solid.voxels & (phantom.complete.voxels | (rng.random(solid.shape) < 0.5))
    (warning,) = solid_warnings(solid.with_voxels(half), pose)
    assert int(warning.split("%")[0]) == pytest.approx(50, abs=3)
