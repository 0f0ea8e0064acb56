"""What the network of the face adds lies where it should, and fades toward the border of its grid."""

from dataclasses import replace

import numpy as np
from phantoms import every_second_voxel

from CraNeXtLib.anatomy.head.model_space_grid import ModelSpaceGrid
from CraNeXtLib.completion.face_completer import FaceCompleter
from CraNeXtLib.completion.grid_completion import GridCompletion
from CraNeXtLib.geometry.volume import Volume


def test_bone_from_the_network_of_the_face_lies_where_the_network_put_it(refined, demo):
    """A stand-in for the network adds a ball below the patient's left eye, and nothing else."""
    grid = ModelSpaceGrid(refined.grid.surface, (88, 64, 72), "face")
    center = np.array([-35.0, 84.0, -20.0])
    points = np.indices(grid.shape).reshape(3, -1).T @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    ball = (np.linalg.norm(points - center, axis=1) < 12).reshape(grid.shape)

    alignments = []

    class Face(FaceCompleter):
        def complete(self, placed, **_):
            alignments.append(placed.alignment)
            return GridCompletion.of(
                self.grid, self.grid.sample(placed.occupancy, placed.alignment), ball.astype(np.float32)
            )

    with_ball = replace(refined, face=Face(None, grid, ball))
    flipped = (slice(None, None, -1), slice(None), slice(None, None, -1))
    upright = every_second_voxel(demo[0])
    affine = upright.affine @ np.diag([-1.0, 1, -1, 1])
    affine[:3, 3] = upright.to_ras(np.array([[upright.shape[0] - 1, 0, upright.shape[2] - 1]]))[0]
    for skull in (upright, Volume(upright.voxels[flipped].transpose(2, 0, 1), affine[:, [2, 0, 1, 3]])):
        proposal = with_ball.propose(skull)
        added = skull.crop(proposal.box).with_voxels((proposal.probability >= 0.5) & ~skull.crop(proposal.box).voxels)
        wanted = alignments[-1].apply(center[None])[0]
        assert wanted[0] < 0  # on the patient's left
        near = added.to_ras(np.argwhere(added.voxels))
        near = near[np.linalg.norm(near - wanted, axis=1) < 16]
        np.testing.assert_allclose((near.min(axis=0) + near.max(axis=0)) / 2, wanted, atol=2.5)


def test_the_blending_weight_fades_toward_the_border_of_the_grid(refined):
    weight = FaceCompleter(None, ModelSpaceGrid(refined.grid.surface, (88, 64, 72), "face"), None).blend_weight
    assert weight.shape == (88, 64, 72)
    assert weight.max() == 1
    assert max(np.take(weight, end, axis).max() for axis in range(3) for end in (0, -1)) < 0.2
    assert np.array_equal(weight, weight[::-1])
