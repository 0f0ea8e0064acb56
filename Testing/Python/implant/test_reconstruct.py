"""Reconstruction of a generated head with a model that knows the answer."""

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib import reconstruct
from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core import resources
from CraNeXtLib.core.errors import CancelledError, InputError, NoImplantError
from CraNeXtLib.geometry.box import box_from, foreground_box
from CraNeXtLib.geometry.lattice import directed, on_box
from CraNeXtLib.geometry.volume import Volume


class Oracle(model_library.Model):
    """A model that proposes a given complete skull for the defective one whose bone is given."""

    light = True

    def __init__(self, complete: Volume, bone: Volume) -> None:
        super().__init__(resources.BUNDLED, {"name": "oracle", "kind": "oracle", "sha256": "0"})
        object.__setattr__(self, "complete", complete)
        object.__setattr__(self, "bone", bone)

    def propose(self, skull, *, device, progress):
        assert device == "cpu"
        progress(0.5)
        # The model is asked in LPS, on a larger grid, and upright; the remaining bone shows where the voxels are.
        bone, complete = (directed(volume, "LPS") for volume in (self.bone, self.complete))
        first = [side.start for side in foreground_box(skull.voxels)]
        starts = np.subtract([side.start for side in foreground_box(bone.voxels)], first)
        complete = on_box(complete, box_from(starts, starts + skull.shape))
        box = foreground_box(complete.voxels & ~skull.voxels, margin=8)
        errors = np.full_like(complete.voxels[box], 2.5, dtype=np.float16)
        return Proposal(box, complete.voxels[box].astype(np.float32), expected_error=errors, warnings=("A note.",))


def consult(monkeypatch, oracle):
    """Let every reconstruction ask the oracle."""
    monkeypatch.setattr(model_library, "find", lambda _name: oracle)
    monkeypatch.setattr("CraNeXtLib.implant.reconstruct.load_model", lambda model: model)


DIRECTIONS = {"upright": np.eye(3), "flipped": np.diag([-1.0, -1.0, 1.0]), "oblique": OBLIQUE}


@pytest.mark.parametrize("directions", DIRECTIONS)
def test_the_implant_fills_the_hole_in_the_inputs_geometry(monkeypatch, directions):
    phantom = head(directions=DIRECTIONS[directions])
    consult(monkeypatch, Oracle(phantom.complete, phantom.defective))
    events = []
    result = reconstruct(phantom.defective, device="cpu", progress=lambda *event: events.append(event))
    for volume in (result.defective_skull, result.complete_skull, result.implant):
        assert volume.voxels.dtype == bool
        assert volume.shape == phantom.defective.shape
        np.testing.assert_array_equal(volume.affine, phantom.defective.affine)
    wrong = (result.implant.voxels ^ phantom.implant.voxels).sum()
    assert wrong < 0.02 * phantom.implant.voxels.sum()
    np.testing.assert_array_equal(result.complete_skull.voxels, phantom.defective.voxels | result.implant.voxels)
    assert "A note." in result.warnings
    assert result.expected_error.volume.has_geometry_of(phantom.defective)
    np.testing.assert_array_equal(result.expected_error.volume.voxels, 2.5 * result.implant.voxels)
    assert any("more than 2.5 mm" in warning for warning in result.warnings)
    fractions = [fraction for _, fraction in events]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


@pytest.mark.slow
def test_a_head_that_is_upside_down_is_warned_of(monkeypatch, shared):
    from CraNeXtLib.geometry.volume_files import read_volume

    implant = read_volume(shared / "skullfix/implant/006.nrrd")
    complete = read_volume(shared / "skullfix/complete/006.nrrd")
    every = (slice(None, None, 4),) * 3
    upside_down = np.diag([-1.0, 1, -1, 1]) @ complete.affine @ np.diag([4, 4, 4, 1.0])
    complete, implant = (Volume(v.voxels[every] > 0, upside_down) for v in (complete, implant))
    defective = complete.with_voxels(complete.voxels & ~implant.voxels)
    consult(monkeypatch, Oracle(complete, defective))
    result = reconstruct(defective, device="cpu")
    assert any("upside down" in warning for warning in result.warnings)


@pytest.mark.slow
def test_what_was_doubted_is_told_where_nothing_is_missing(monkeypatch):
    phantom = head(spacing=(4.0, 4.0, 4.0), thickness_mm=10.0)
    consult(monkeypatch, Oracle(phantom.complete, phantom.defective))
    child = np.diag([0.5, 0.5, 0.5, 1.0]) @ phantom.complete.affine
    with pytest.raises(NoImplantError) as caught:
        reconstruct(Volume(phantom.complete.voxels & ~speck(phantom), child), device="cpu")
    *doubts, note = caught.value.warnings
    assert any("times the size of an adult's" in warning for warning in doubts)
    assert note == "A note."


@pytest.mark.slow
def test_a_model_that_fails_is_named(monkeypatch):
    class Failing(Oracle):
        def propose(self, *_skull, **_options):
            raise RuntimeError("sizes must match")

    phantom = head(spacing=(4.0, 4.0, 4.0))
    consult(monkeypatch, Failing(phantom.complete, phantom.defective))
    with pytest.raises(InputError, match=r"Model 'oracle' does not work: .*sizes must match.*import or install"):
        reconstruct(phantom.defective, device="cpu")


def test_no_defect_bad_masks_and_cancelling(monkeypatch):
    phantom = head()
    consult(monkeypatch, Oracle(phantom.complete, phantom.defective))
    with pytest.raises(NoImplantError, match="oracle"):
        reconstruct(phantom.complete.with_voxels(phantom.complete.voxels & ~speck(phantom)), device="cpu")
    with pytest.raises(InputError, match="empty"):
        reconstruct(phantom.defective.with_voxels(np.zeros(phantom.defective.shape, bool)))
    with pytest.raises(InputError, match="device 'abacus'"):
        reconstruct(phantom.defective, device="abacus")

    def cancel(_stage, fraction):
        if fraction > 0.3:
            raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        reconstruct(phantom.defective, device="cpu", progress=cancel)


def speck(phantom) -> np.ndarray:
    """One missing voxel, which is no defect."""
    mask = np.zeros(phantom.complete.shape, bool)
    mask[tuple(np.argwhere(phantom.complete.voxels)[1000])] = True
    return mask
