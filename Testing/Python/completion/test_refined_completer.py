"""The refined model completes the demo skull, however it lies."""

from dataclasses import replace

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.alignment import Alignment
from CraNeXtLib.completion.shape_model.completer import PlacedSkull
from CraNeXtLib.completion.shape_model.shape_model_fill import ShapeModelFill
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


class _Floor:
    """A network that adds bone in some of the lowest layers of the grid that it is asked on first."""

    def __init__(self, layers: int) -> None:
        self.layers, self.asked = layers, []

    def logits(self, x, **_options):
        self.asked.append(x)
        logits = np.full(x.shape[1:], -9.0, np.float32)
        logits[40:50, 40:50, : self.layers] = 9
        return logits


@pytest.mark.parametrize(("layers", "depths"), [(0, [64]), (5, [64, 80])])
def test_a_defect_at_the_lower_end_is_completed_on_a_grid_that_reaches_further_down(refined, layers, depths):
    network = _Floor(layers)
    grid = refined.shape_model.model.grid
    nothing, images = np.zeros(grid.shape, bool), np.zeros(grid.shape, np.float32)
    fill = ShapeModelFill(grid, images, images, nothing, nothing, nothing)
    skull = Volume(np.zeros((20, 20, 20), np.float32), np.diag([1.0, 1, 1, 1]))
    placed = PlacedSkull(skull, Alignment(np.eye(4), 0.0), fill, images)
    proposed, head = replace(refined, network=network).complete_head(
        placed, device="cpu", notify=print, progress=lambda _: None
    )
    assert [x.shape[-1] for x in network.asked] == depths
    assert proposed.shape == head.complete.shape == (80, 96, depths[-1])
    assert np.array_equal(network.asked[-1][2][..., -64:], refined.mean_skull)
    assert head.grid.affine[2, 3] == pytest.approx(refined.grid.affine[2, 3] - 2.25 * (depths[-1] - 64))
    assert head.adds_at_floor == bool(layers)
    if layers:  # the deeper completion below, the first one 18 mm above its floor
        assert head.complete[45, 45, 0] > 0.99
        assert head.complete[45, 45, 16:20] == pytest.approx((0.0625, 0.1875, 0.3125, 0.4375), abs=1e-3)
        assert head.complete[45, 45, 24:].max() < 1e-3
