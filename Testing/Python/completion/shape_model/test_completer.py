"""PCA-skull on generated heads: it finds the defect wherever it lies, and fills it as the missing bone was."""

import numpy as np
import pytest
from eggshells import MEAN_AXES, head, hole_at, implant_by, without

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core import resources
from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_mask


@pytest.mark.parametrize("direction", [(0, 0, 1), (-1, 0, 0.5), (0.5, 1, 0.4)])
def test_finds_and_fills_a_hole_anywhere(completer, direction):
    skull = head(MEAN_AXES * (0.97, 1.03, 1.0), thickness=7.4)
    implant = hole_at(skull, direction)
    assert dice(implant_by(completer, without(skull, implant)), implant) > 0.9


def test_expects_more_error_in_the_middle_of_a_hole_than_at_its_rim(completer):
    skull = head(MEAN_AXES)
    implant = hole_at(skull, (-1, 0, 0.5))
    defective = without(skull, implant)
    proposal = completer.propose(defective)
    added = (proposal.probability >= 0.5) & ~defective.crop(proposal.box).voxels
    np.testing.assert_array_equal(proposal.expected_error > 0, added)
    points = defective.crop(proposal.box).to_ras(np.argwhere(added))
    away = np.linalg.norm(points - points.mean(axis=0), axis=1)
    errors = proposal.expected_error[added].astype(float)
    assert errors[away < 8].mean() > 1.5 * errors[away > 25].mean()


def test_works_in_any_geometry(completer):
    skull = head(MEAN_AXES, spacing=(2.0, 2.2, 2.8), signs=(-1, -1, 1))
    skull = Volume(np.asfortranarray(skull.voxels), skull.affine)
    implant = hole_at(skull, (0.7, -0.5, 0.6))
    assert dice(implant_by(completer, without(skull, implant)), implant) > 0.88


def test_fills_two_holes(completer):
    skull = head(MEAN_AXES)
    implants = [hole_at(skull, direction, 25) for direction in ((1, 0.2, 0.6), (-1, 0.2, 0.6))]
    both = skull.with_voxels(implants[0].voxels | implants[1].voxels)
    assert dice(implant_by(completer, without(skull, both)), both) > 0.9


def test_restores_a_missing_outer_table(completer):
    skull = head(MEAN_AXES, spacing=1.7)
    inner = head(MEAN_AXES - 4.0, thickness=3.0, spacing=1.7)
    implant = hole_at(skull, (0.6, 0, 0.8), 28)
    implant = implant.with_voxels(implant.voxels & ~inner.voxels)
    found = implant_by(completer, without(skull, implant))
    assert dice(found, implant) > 0.6


def test_a_complete_skull_gets_nothing(completer):
    proposal = completer.propose(head(MEAN_AXES * (1.04, 0.97, 1.0)))
    assert not (proposal.probability >= 0.5).any()


def test_bone_out_of_view_is_not_missing(completer):
    skull = head(MEAN_AXES)
    scan = skull.crop((slice(None), slice(None), slice(0, int(0.8 * skull.shape[2]))))
    assert not (completer.propose(scan).probability >= 0.5).any()


def test_bone_beyond_a_flat_cut_in_air_is_not_missing(completer):
    """As in the masks of SkullBreak: a scan that ended at the base, with air put around it."""
    skull = head(MEAN_AXES, signs=(1, -1, 1))
    heights = skull.to_ras(np.indices(skull.shape).reshape(3, -1).T)[:, 2].reshape(skull.shape)
    skull = skull.with_voxels(skull.voxels & (heights > -15))
    implant = hole_at(skull, (0.3, 0, 1))
    assert dice(implant_by(completer, without(skull, implant)), implant) > 0.9


def test_a_scan_cropped_to_the_bone_is_completed_too(completer):
    skull = head(MEAN_AXES * 0.96)
    implant = hole_at(skull, (0.7, 0, 0.7))
    defective = without(skull, implant)
    box = foreground_box(defective.voxels)
    assert dice(implant_by(completer, defective.crop(box)), implant.crop(box)) > 0.88


def test_progress_can_stop_the_work(completer):
    def stop(fraction):
        raise KeyboardInterrupt(str(fraction))

    with pytest.raises(KeyboardInterrupt):
        completer.propose(head(MEAN_AXES), progress=stop)


def test_the_bundled_model_completes_the_demo_skull():
    folder = resources.BUNDLED.parent / "Demo"
    defective, implant = (read_mask(folder / f"{name}.nrrd") for name in ("defective_skull", "reference_implant"))
    assert dice(implant_by(load_model(model_library.find("pca_skull")), defective), implant) > 0.8
