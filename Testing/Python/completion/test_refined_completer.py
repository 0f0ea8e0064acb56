"""The refined model completes the demo skull, however it lies."""

from dataclasses import replace

import numpy as np
import pytest

from CraNeXtLib.evaluation.metrics import dice
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.extraction import extract_implant


def implant_by(completer, defective: Volume) -> Volume:
    proposal = completer.propose(defective)
    part = defective.crop(proposal.box)
    voxels = np.zeros(defective.shape, bool)
    voxels[proposal.box] = extract_implant(part, part.with_voxels(proposal.probability)).voxels
    return defective.with_voxels(voxels)


def test_the_bundled_model_completes_the_demo_skull(refined, demo):
    assert dice(implant_by(refined, demo[0]), demo[1]) > 0.82


def test_the_demo_skull_is_completed_in_any_geometry(refined, demo):
    flipped = (slice(None, None, -1), slice(None), slice(None, None, -1))
    affine = demo[0].affine @ np.diag([-1.0, 1, -1, 1])
    affine[:3, 3] = demo[0].to_ras(np.array([[demo[0].shape[0] - 1, 0, demo[0].shape[2] - 1]]))[0]
    turned = [Volume(mask.voxels[flipped].transpose(2, 0, 1), affine[:, [2, 0, 1, 3]]) for mask in demo]
    assert dice(implant_by(refined, turned[0]), turned[1]) > 0.82


def test_the_demo_skull_is_known_to_be_thin(refined, demo):
    fill = refined.shape_model.place(demo[0], lambda _: None).fill
    assert refined.shape_model.relative_thickness(fill) == pytest.approx(0.59, abs=0.03)
    thicker = replace(fill, thickness=2 * fill.thickness)
    assert refined.shape_model.relative_thickness(thicker) == pytest.approx(1.18, abs=0.06)
