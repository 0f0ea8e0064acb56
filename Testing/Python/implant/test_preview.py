"""The coarse skull of a preview keeps its field of view, and its implant comes back onto the skull's own voxels."""

from types import SimpleNamespace

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.box import box_from, foreground_box
from CraNeXtLib.geometry.lattice import on_box, on_one_grid
from CraNeXtLib.geometry.resampling import resampled_occupancy
from CraNeXtLib.implant.padding import NOTHING_ADDED
from CraNeXtLib.implant.preview import PREVIEW_MM, coarse_skull, fine_result
from CraNeXtLib.implant.reconstruct import Reconstruction


def result_of(coarse) -> Reconstruction:
    known = dict.fromkeys(Reconstruction.__dataclass_fields__)
    known |= {"implant": coarse, "model": SimpleNamespace(name="any"), "warnings": ("A note.",)}
    return Reconstruction(**known | {"added_voxels": NOTHING_ADDED})


def coarse_implant(phantom, coarse):
    """The phantom's implant on the voxels of a coarse skull."""
    return coarse.with_voxels(resampled_occupancy(phantom.implant, coarse.affine, coarse.shape) >= 0.5)


@pytest.mark.parametrize("directions", [np.diag([-1.0, -1.0, 1.0]), OBLIQUE])
def test_an_implant_there_and_back_lies_where_it_was(directions):
    phantom = head(spacing=(0.5, 1.2, 1.6), directions=directions)
    coarse = coarse_skull(phantom.defective)
    np.testing.assert_allclose(coarse.spacing, (PREVIEW_MM, 1.2, 1.6))
    implant = coarse_implant(phantom, coarse)
    fine = fine_result(result_of(implant), phantom.defective)
    assert dice(fine.implant, phantom.implant) > 0.95
    assert not (fine.implant.voxels & phantom.defective.voxels).any()
    np.testing.assert_array_equal(fine.complete_skull.voxels, phantom.defective.voxels | fine.implant.voxels)
    np.testing.assert_array_equal(fine.implant.affine, phantom.defective.affine)
    shift = [volume.to_ras(np.argwhere(volume.voxels)).mean(axis=0) for volume in (fine.implant, phantom.implant)]
    np.testing.assert_allclose(*shift, atol=0.15)


@pytest.mark.parametrize("directions", [np.diag([-1.0, -1.0, 1.0]), OBLIQUE])
def test_a_volume_cropped_to_the_bone_gives_the_preview_of_the_whole_one(directions):
    phantom = head(spacing=(3.0, 0.5, 0.4), directions=directions, holes=(((4.0, 6.0, 75.0), 60.0),))
    odd = on_box(phantom.defective, box_from((-3, -1, -5), phantom.defective.shape))
    cropped = phantom.defective.crop(foreground_box(phantom.defective.voxels))
    results = []
    for skull in (odd, cropped):
        coarse = coarse_skull(skull)
        roomy = on_box(coarse, box_from((-4, -4, -4), np.array(coarse.shape) + 30))
        results.append(fine_result(result_of(coarse_implant(phantom, roomy)), skull))
    whole, part = results
    assert whole.implant.has_geometry_of(odd)
    assert whole.warnings == ("A note.",)
    assert part.implant.shape == tuple(cropped.shape + np.sum(part.added_voxels, axis=1))
    assert "larger grid" in part.warnings[-1]
    for name in ("implant", "complete_skull", "defective_skull"):
        again, placed = on_one_grid(getattr(whole, name), getattr(part, name))
        assert again.shape == odd.shape
        np.testing.assert_array_equal(placed.voxels, getattr(whole, name).voxels)


def test_coarse_voxels_stay_as_they_are():
    phantom = head()
    assert coarse_skull(phantom.defective).has_geometry_of(phantom.defective)
    fine = fine_result(result_of(phantom.implant), phantom.defective)
    np.testing.assert_array_equal(fine.implant.voxels, phantom.implant.voxels)
