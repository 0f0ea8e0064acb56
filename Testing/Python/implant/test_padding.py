"""A volume that ends at the bone gives the implant of the whole volume, on its own voxels and whole."""

import numpy as np
import pytest
from phantoms import OBLIQUE, Head, head

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core import resources
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL
from CraNeXtLib.geometry.box import box_from, foreground_box
from CraNeXtLib.geometry.lattice import directed, on_box, on_one_grid
from CraNeXtLib.geometry.surface_extraction import surface_of
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume
from CraNeXtLib.implant.finishing.pipeline import finish
from CraNeXtLib.implant.padding import PADDING_MM, added_voxels, growth_notes, padded_for_implant
from CraNeXtLib.implant.reconstruct import reconstruct

DIRECTIONS = {"upright": np.eye(3), "flipped": np.diag([-1.0, 1.0, -1.0]), "oblique": OBLIQUE}
TOP = (((4.0, 6.0, 75.0), 60.0),)
"""A hole at the top, so that part of the missing bone lies above all remaining bone."""


class Nearby(model_library.Model):
    """A model that fills the hole, in a box as large as the volume allows, as completers do."""

    light = True

    def __init__(self, phantom: Head) -> None:
        super().__init__(resources.BUNDLED, {"name": "nearby", "kind": "nearby", "sha256": "0"})
        object.__setattr__(self, "phantom", phantom)

    def propose(self, skull, *, device, progress):
        del device, progress
        skull, complete = (
            on_box(v, box_from((0, 0, 0), skull.shape)) for v in on_one_grid(skull, self.phantom.complete)
        )
        box = foreground_box(complete.voxels & ~skull.voxels, margin=6)
        probability = complete.voxels[box].astype(np.float32)
        return Proposal(box, probability, expected_error=probability.astype(np.float16))


def pose_of(phantom: Head, **fit) -> HeadPose:
    """The phantom's own shape as the template."""
    known = {"distance_mm": 1.0, "far_fraction": 0.1, "vault_far_fraction": 0.1, "stretch": (1.0, 1.0)}
    return HeadPose(
        np.eye(4), phantom.complete.with_voxels(2 * phantom.complete.voxels.astype(np.uint8)), PoseFit(**known | fit)
    )


@pytest.fixture(params=DIRECTIONS)
def phantom(request, monkeypatch):
    phantom = head(directions=DIRECTIONS[request.param], spacing=(2.0, 3.0, 2.5), holes=TOP, thickness_mm=8.0)
    monkeypatch.setattr(model_library, "find", lambda _name: Nearby(phantom))
    monkeypatch.setattr("CraNeXtLib.implant.reconstruct.load_model", lambda model: model)
    monkeypatch.setattr("CraNeXtLib.implant.reconstruct.find_pose", lambda *_, **__: pose_of(phantom))
    return phantom


def cropped(mask: Volume) -> Volume:
    return mask.crop(foreground_box(mask.voxels))


def test_the_implant_of_a_cropped_volume_is_that_of_the_whole_one(phantom):
    whole, part = reconstruct(phantom.defective), reconstruct(cropped(phantom.defective))
    assert whole.implant.has_geometry_of(phantom.defective)
    np.testing.assert_array_equal(whole.implant.affine, phantom.defective.affine)
    assert whole.added_voxels == ((0, 0), (0, 0), (0, 0))
    assert np.sum(part.added_voxels) > 3
    pairs = (
        (whole.implant, part.implant),
        (whole.complete_skull, part.complete_skull),
        (whole.defective_skull, part.defective_skull),
        (whole.expected_error.volume, part.expected_error.volume),
    )
    for expected, found in pairs:
        assert found.shape == part.implant.shape
        assert found.voxels.dtype == expected.voxels.dtype
        again, placed = on_one_grid(expected, found)
        assert again.shape == expected.shape
        np.testing.assert_array_equal(placed.voxels, expected.voxels)
    assert part.expected_error.as_dict() == whole.expected_error.as_dict()
    assert surface_of(part.implant).is_watertight


@pytest.mark.parametrize("codes", ["RAS", "LPS", "SAR"])
def test_the_model_sees_the_same_whichever_way_the_array_lies(phantom, codes, monkeypatch):
    seen, propose = [], Nearby.propose
    monkeypatch.setattr(
        Nearby, "propose", lambda self, skull, **rest: seen.append(skull) or propose(self, skull, **rest)
    )
    given = cropped(phantom.defective)
    expected, found = reconstruct(given), reconstruct(directed(given, codes))
    np.testing.assert_array_equal(seen[1].voxels, seen[0].voxels)
    np.testing.assert_allclose(seen[1].affine, seen[0].affine, rtol=0, atol=1e-9)
    assert found.implant.axis_codes == codes
    assert found.implant.voxels.sum() == expected.implant.voxels.sum()
    pairs = (
        (found.implant, expected.implant),
        (found.complete_skull, expected.complete_skull),
        (found.expected_error.volume, expected.expected_error.volume),
    )
    for volume, same in pairs:
        again = directed(volume, given.axis_codes)
        np.testing.assert_array_equal(again.voxels, same.voxels)
        np.testing.assert_allclose(again.affine, same.affine, rtol=0, atol=1e-9)
    assert np.sum(found.added_voxels) == np.sum(expected.added_voxels)


def test_the_grid_grows_no_further_than_the_implant_and_this_is_said(phantom):
    given = cropped(phantom.defective)
    result = reconstruct(given)
    added = np.array(result.added_voxels)
    assert result.implant.shape == tuple(given.shape + added.sum(axis=1))
    np.testing.assert_allclose(result.implant.to_ras(added[:, 0][None]), given.to_ras(np.zeros((1, 3))), atol=1e-9)
    edges = foreground_box(result.implant.voxels)
    for axis, (before, after) in enumerate(added):
        assert not before or edges[axis].start == 0
        assert not after or edges[axis].stop == result.implant.shape[axis]
    inside = box_from(added[:, 0], added[:, 0] + given.shape)
    ml = result.implant.voxel_volume_mm3 / 1000
    total, beyond = (
        result.implant.voxels.sum() * ml,
        (result.implant.voxels.sum() - result.implant.voxels[inside].sum()) * ml,
    )
    assert any(f"{beyond:.1f} of {total:.1f} mL of the implant lie beyond" in warning for warning in result.warnings)
    assert any(f"{added.max()} at the top" in warning for warning in result.warnings)


def test_nothing_is_said_where_the_volume_holds_the_implant(phantom):
    wide = on_box(phantom.defective, box_from((-9, -9, -9), np.array(phantom.defective.shape) + 9))
    result = reconstruct(wide)
    assert result.implant.has_geometry_of(wide)
    assert not [warning for warning in result.warnings if "edge" in warning or "beyond" in warning]


def test_there_is_padding_around_bone_and_predicted_head_in_millimeters():
    phantom = head(spacing=(2.0, 3.0, 2.5), holes=TOP)
    given = cropped(phantom.defective)
    for pose, mask in ((pose_of(phantom), phantom.complete), (pose_of(phantom, vault_far_fraction=0.9), given)):
        skull = padded_for_implant(given, pose).skull
        low, high = extent(mask)
        first, last = skull.to_ras(np.array([(0, 0, 0), np.array(skull.shape) - 1]))
        assert (low - first >= PADDING_MM - 1e-6).all()
        assert (last - high >= PADDING_MM - 1e-6).all()
        assert (low - first <= PADDING_MM + 9).all()


def extent(mask: Volume) -> tuple[np.ndarray, np.ndarray]:
    points = mask.to_ras(np.argwhere(mask.voxels))
    return points.min(axis=0), points.max(axis=0)


def test_voxels_too_fine_for_a_head_are_refused_before_memory_is_taken():
    phantom = head(spacing=(8.0, 8.0, 8.0), thickness_mm=17.0)
    fine = np.diag([0.004, 0.004, 0.004, 1.0]) @ phantom.defective.affine
    with pytest.raises(InputError, match="too fine for a whole head"):
        padded_for_implant(Volume(phantom.defective.voxels, fine), pose_of(phantom))


def test_the_sides_of_growth_are_the_patients():
    volume = Volume(np.zeros((4, 5, 6), bool), np.diag([-1.0, -1.0, 1.0, 1.0]))
    added = added_voxels(box_from((-2, 0, 0), (4, 8, 7)), volume)
    assert added == ((2, 0), (0, 3), (0, 1))
    (note,) = growth_notes(added, volume)
    assert "2 at the right, 3 at the back and 1 at the top" in note
    assert growth_notes(((0, 0),) * 3, volume) == []


@pytest.mark.slow
def test_a_part_is_finished_at_the_edge_as_within_the_volume(phantom):
    whole, part = reconstruct(phantom.defective), reconstruct(cropped(phantom.defective))
    expected, found = (finish(result.implant, result.defective_skull) for result in (whole, part))
    _, placed = on_one_grid(expected.implant, found.implant)
    np.testing.assert_array_equal(placed.voxels, expected.implant.voxels)
    assert found.mesh.is_watertight
    np.testing.assert_allclose(found.mesh.vertices, expected.mesh.vertices, atol=1e-3)


@pytest.mark.slow
def test_the_shape_model_fills_a_cropped_volume_as_the_whole_one():
    every = (slice(None, None, 3),) * 3
    demo = read_volume(DEFECTIVE_SKULL)
    skull = Volume(demo.voxels[every] > 0, demo.affine @ np.diag([3, 3, 3, 1.0]))
    whole, part = (reconstruct(volume, model="pca_skull", device="cpu") for volume in (skull, cropped(skull)))
    assert whole.added_voxels == ((0, 0), (0, 0), (0, 0))
    assert not whole.warnings
    for expected, found in (
        (whole.implant, part.implant),
        (whole.expected_error.volume, part.expected_error.volume),
    ):
        _, placed = on_one_grid(expected, found)
        np.testing.assert_array_equal(placed.voxels, expected.voxels)
