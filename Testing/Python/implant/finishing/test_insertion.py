"""The insertion path: what would collide on the way is left out, and nothing else."""

import numpy as np
from finishing_checks import colliding
from phantoms import Head, head

from CraNeXtLib import finish
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing import FinishSettings

SPACING = (1.0, 1.0, 1.0)


def undercut_head() -> tuple[Head, np.ndarray]:
    """A head whose implant reaches 5 mm under the bone's edge on one side, so that it cannot come straight out."""
    phantom = head(spacing=SPACING, thickness_mm=8.0)
    points = phantom.implant.to_ras(np.argwhere(phantom.complete.voxels))
    direction = np.array([40.0, 20.0, 60.0]) / np.linalg.norm([40.0, 20, 60])
    radius = np.sqrt(((points / [75, 95, 75]) ** 2).sum(axis=1))
    aside = np.linalg.norm(points - (points @ direction)[:, None] * direction, axis=1)
    under = np.zeros(phantom.complete.shape, bool)
    chosen = (radius < 0.945) & (aside < 27) & (points @ direction > 0)
    under[tuple(np.argwhere(phantom.complete.voxels)[chosen].T)] = True
    implant = phantom.implant.voxels | under
    return Head(
        phantom.complete,
        phantom.complete.with_voxels(implant),
        phantom.complete.with_voxels(phantom.complete.voxels & ~implant),
    ), direction


def test_an_undercut_is_removed_and_only_that():
    phantom, direction = undercut_head()
    kept = finish(phantom.implant, phantom.defective, FinishSettings(insertion="none"))
    assert colliding(kept.implant, phantom.defective, direction, deeper_than_mm=1.5) > 100
    for insertion in ("auto", tuple(direction)):
        finished = finish(phantom.implant, phantom.defective, FinishSettings(insertion=insertion))
        way = finished.pieces[0].outward_ras
        assert colliding(finished.implant, phantom.defective, way, deeper_than_mm=1.01) == 0
        assert 0.5 < finished.pieces[0].undercut_ml < 3
        assert (finished.implant.voxels & ~kept.implant.voxels).sum() < 0.005 * kept.implant.voxels.sum()
    np.testing.assert_allclose(way, direction, atol=1e-3)


def test_a_bone_far_above_the_implant_is_in_the_way_too(phantom):
    voxels = phantom.defective.voxels.copy()
    bridge = phantom.defective.to_indices(np.array([[52.0, 26.0, 74.0], [68, 34, 90]]))  # 15 to 35 mm above the implant
    low, high = np.sort(np.rint(bridge).astype(int), axis=0)
    size = np.maximum(high, 0)
    padded = np.zeros(np.maximum(voxels.shape, size + 3), bool)
    padded[tuple(slice(n) for n in voxels.shape)] = voxels
    padded[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    implant = np.zeros(padded.shape, bool)
    implant[tuple(slice(n) for n in voxels.shape)] = phantom.implant.voxels
    skull = Volume(padded, phantom.defective.affine)
    finished = finish(Volume(implant, skull.affine), skull, FinishSettings(insertion=(40.0, 20, 60)))
    assert colliding(finished.implant, skull, finished.pieces[0].outward_ras, deeper_than_mm=1.01) == 0
    assert finished.pieces[0].undercut_ml > 0.5
