"""The implant is the donor's bone where that has some, and the model's elsewhere, without a gap between them."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.implant.donor.combine import combine

CENTER = np.zeros(3)
HOLES = (((45.0, 0.0, 60.0), 28.0),)


@pytest.fixture(scope="module")
def case():
    return head(spacing=(2.0, 2.0, 2.5), holes=HOLES, directions=OBLIQUE)


@pytest.fixture(scope="module")
def model(case):
    """What a model made of the hole: the bone 3 mm too thick, on its inner side."""
    thick = head(spacing=(2.0, 2.0, 2.5), holes=HOLES, directions=OBLIQUE, thickness_mm=9.0)
    return case.defective.with_voxels(thick.implant.voxels & ~case.defective.voxels)


def heights(volume):
    """The RAS coordinate toward the front of every voxel's center."""
    indices = np.indices(volume.shape).reshape(3, -1).T
    return volume.to_ras(indices)[:, 1].reshape(volume.shape)


def test_a_whole_donor_gives_the_whole_implant(case, model):
    made = combine(case.complete, case.defective, model, CENTER)
    assert made.percent > 97
    differing = (made.implant.voxels != case.implant.voxels).sum()
    assert differing < 0.03 * case.implant.voxels.sum() < 0.1 * (model.voxels != case.implant.voxels).sum()
    assert not (made.implant.voxels & case.defective.voxels).any()


def test_what_the_donor_lacks_is_the_models(case, model):
    front = heights(case.complete)
    donor = case.complete.with_voxels(case.complete.voxels & ((front < 0) | case.defective.voxels))
    made = combine(donor, case.defective, model, CENTER)
    for side, truth in ((front < -6, case.implant), (front > 6, model)):
        assert (made.implant.voxels != truth.voxels)[side].sum() < 0.04 * truth.voxels[side].sum()
    expected = 100 * (case.implant.voxels & (front < 0)).sum() / made.implant.voxels.sum()
    assert made.percent == pytest.approx(expected, abs=2)
    assert not (made.donated.voxels & (front > 3)).any()
    border = (np.abs(front) < 6) & case.implant.voxels
    assert made.implant.voxels[border].mean() > 0.99  # no gap between the two
    assert ndimage.label(made.implant.voxels, np.ones((3, 3, 3)))[1] == 1


def test_bone_elsewhere_is_left_alone(case, model):
    """A donor that is thicker everywhere, as after another threshold, adds nothing beside the hole."""
    thicker = head(spacing=(2.0, 2.0, 2.5), holes=(), directions=OBLIQUE, thickness_mm=8.0).complete
    made = combine(thicker, case.defective, model, CENTER)
    away = ndimage.distance_transform_edt(~case.implant.voxels, sampling=case.implant.spacing)
    assert (made.implant.voxels & (away > 6)).sum() == 0


def test_a_donor_with_the_same_hole_is_refused(case, model):
    with pytest.raises(InputError, match="no bone where the skull lacks it"):
        combine(case.defective, case.defective, model, CENTER)
