"""Edits of an implant: balls in the head's millimeters, pieces, and the bone that stays."""

import numpy as np
import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

AFFINE = np.array([[0, -1.2, 0, 10], [0.8, 0, 0, -20], [0, 0, -2, 30], [0, 0, 0, 1]], float)
SHAPE = (20, 18, 12)


def _positions():
    return np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]


@pytest.fixture
def result():
    """A result with bone in a slab, and an implant of two pieces beside it."""
    import slicer

    from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL, IMPLANT
    from CraNeXtLib.slicer_ui.scene.node_volumes import oriented_image
    from CraNeXtLib.slicer_ui.scene.result_nodes import ANATOMY, Segment, fill_segments

    labels = np.zeros(SHAPE, np.uint8)
    labels[:4] = 1
    labels[6:10, 4:10, 3:6] = 2
    labels[14:16, 4:6, 3:5] = 2
    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "result")
    image = oriented_image(Volume(labels, AFFINE))
    kinds = ((DEFECTIVE_SKULL, 1), (IMPLANT, 2))
    segments = [Segment(name, name, image, label, (1, 1, 1), ANATOMY, ("1", "x")) for name, label in kinds]
    fill_segments(node, Volume(labels, AFFINE), segments)
    node.held = scene  # which a node does not keep alive
    return node


@pytest.mark.parametrize("radius_mm", [0.5, 3.0])
def test_balls_are_round_in_millimeters_and_end_at_the_border(radius_mm):
    from CraNeXtLib.slicer_ui.scene.implant_edits import balls

    grid = Volume(np.zeros(SHAPE, bool), AFFINE)
    centers = grid.to_ras(np.array([[10.0, 9, 6], [0, 0, 0], [19, 17, 11], [-1, 9, 6], [60, 9, 6]]))
    expected = np.any(
        [np.linalg.norm(_positions() - center, axis=-1) <= radius_mm + 1e-9 for center in centers], axis=0
    )
    assert np.array_equal(balls(grid, centers, radius_mm), expected)


def test_painting_keeps_the_bone_and_erasing_takes_the_implant_only(result):
    from CraNeXtLib.slicer_ui.scene.implant_edits import balls, implant_of, paint
    from CraNeXtLib.slicer_ui.scene.implant_nodes import DEFECTIVE_SKULL
    from CraNeXtLib.slicer_ui.scene.node_volumes import segment_volume

    before, bone = implant_of(result), segment_volume(result, DEFECTIVE_SKULL).voxels != 0
    center = before.to_ras(np.array([[4.0, 6, 4]]))
    ball = balls(before, center, 3.0)
    assert (ball & bone).any()
    paint(result, center, 3.0)
    painted = implant_of(result)
    assert np.array_equal(painted.voxels, before.voxels | (ball & ~bone))
    assert np.allclose(painted.affine, before.affine)
    paint(result, center, 3.0, erase=True)
    assert np.array_equal(implant_of(result).voxels, before.voxels & ~ball)
    assert np.array_equal(segment_volume(result, DEFECTIVE_SKULL).voxels != 0, bone)
    with pytest.raises(InputError, match="whole implant"):
        paint(result, center, 100.0, erase=True)


def test_a_piece_is_removed_by_its_number_largest_first(result):
    from CraNeXtLib.slicer_ui.scene.implant_edits import implant_of, piece_volumes, remove_piece

    voxel_ml = 1.2 * 0.8 * 2 / 1000
    assert piece_volumes(result) == pytest.approx([72 * voxel_ml, 8 * voxel_ml])
    remove_piece(result, 2)
    assert piece_volumes(result) == pytest.approx([72 * voxel_ml])
    assert implant_of(result).voxels.sum() == 72
    with pytest.raises(InputError, match="no such piece"):
        remove_piece(result, 1)
