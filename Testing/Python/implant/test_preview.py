"""The coarse skull of a preview keeps its field of view, and its implant comes back onto the skull's own voxels."""

from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.implant.preview import PREVIEW_MM, coarse_skull, fine_result
from CraNeXtLib.implant.reconstruct import Reconstruction


def result_of(coarse) -> Reconstruction:
    known = dict.fromkeys(Reconstruction.__dataclass_fields__)
    return Reconstruction(**known | {"implant": coarse, "model": SimpleNamespace(name="any")})


@pytest.mark.parametrize("directions", [np.diag([-1.0, -1.0, 1.0]), OBLIQUE])
def test_an_implant_there_and_back_lies_where_it_was(directions):
    phantom = head(spacing=(0.5, 1.2, 1.6), directions=directions)
    coarse = coarse_skull(phantom.defective)
    np.testing.assert_allclose(coarse.spacing, (PREVIEW_MM, 1.2, 1.6))
    assert coarse.shape == tuple(np.ceil(np.array(phantom.defective.shape) / (2, 1, 1)))
    implant = coarse_skull(phantom.implant)
    fine = fine_result(result_of(implant), phantom.defective)
    assert dice(fine.implant, phantom.implant) > 0.95
    assert not (fine.implant.voxels & phantom.defective.voxels).any()
    np.testing.assert_array_equal(fine.complete_skull.voxels, phantom.defective.voxels | fine.implant.voxels)
    np.testing.assert_array_equal(fine.implant.affine, phantom.defective.affine)
    shift = [volume.to_ras(np.argwhere(volume.voxels)).mean(axis=0) for volume in (fine.implant, phantom.implant)]
    np.testing.assert_allclose(*shift, atol=0.15)


def test_coarse_voxels_stay_as_they_are():
    phantom = head()
    assert coarse_skull(phantom.defective).has_geometry_of(phantom.defective)
    fine = fine_result(result_of(phantom.implant), phantom.defective)
    np.testing.assert_array_equal(fine.implant.voxels, phantom.implant.voxels)
