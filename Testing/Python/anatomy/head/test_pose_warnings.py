"""What is said about a head that is no adult's, or about a scan without the whole vault."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.anatomy.head.pose_warnings import pose_warnings
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.volume import Volume


def flipped(volume):
    """Return the same head with its last array axis reversed."""
    reverse = np.diag([1.0, 1, -1, 1])
    reverse[2, 3] = volume.shape[2] - 1
    return Volume(volume.voxels[..., ::-1], volume.affine @ reverse)


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "warned"), [(0.89, False), (0.85, True)])
def test_a_childs_head_is_told_by_its_size(scale, warned):
    template = bundled_template()
    matrix = np.diag([scale, scale, scale, 1.0])
    child = Volume(template.voxels > 0, matrix @ template.affine)
    child = on_box(child, box_from((-15, -15, 0), np.array(child.shape) + 15))
    warnings = pose_warnings(HeadPose(matrix, template, PoseFit(1.0, 0.0, 0.0, (scale, scale))), child)
    assert [warning.startswith(f"The head is {scale:.2f} times the size of an adult's") for warning in warnings] == (
        [True] if warned else []
    )


@pytest.mark.parametrize(("missing_mm", "flat", "warned"), [(1.0, False, False), (2.0, True, False), (6.0, True, True)])
@pytest.mark.parametrize("turn", [lambda volume: volume, flipped])
def test_a_flat_end_of_the_vault_may_be_the_rim_of_a_hole(missing_mm, flat, warned, turn):
    template = bundled_template()
    head = Volume(template.voxels > 0, template.affine)
    top = int(np.flatnonzero(head.voxels.any(axis=(0, 1)))[-1])
    voxels = head.voxels.copy()
    voxels[..., top - round(missing_mm / head.spacing[2]) + 1 :] = False
    voxels[..., top - round(missing_mm / head.spacing[2])] |= voxels.any(axis=2) & flat  # a wide, flat rim
    cut = on_box(head.with_voxels(voxels), box_from((-15, -15, 0), np.array(head.shape) + 15))
    warnings = pose_warnings(HeadPose(np.eye(4), template, PoseFit(1.0, 0.0, 0.0, (1.0, 1.0))), turn(cut))
    assert [warning.startswith("All bone ends in one plane at the top") for warning in warnings] == [True] * warned


@pytest.mark.parametrize("turn", [lambda volume: volume, flipped])
@pytest.mark.parametrize(("missing_mm", "warned"), [(5.0, False), (25.0, True)])
def test_the_end_of_the_scan_is_no_rim_of_a_hole(turn, missing_mm, warned):
    template = bundled_template()
    head = Volume(template.voxels > 0, template.affine)
    end = int(np.flatnonzero(head.voxels.any(axis=(0, 1)))[-1]) - round(missing_mm / head.spacing[2])
    head = on_box(head, box_from((-15, -15, 0), (*(np.array(head.shape[:2]) + 15), end)))
    warnings = pose_warnings(HeadPose(np.eye(4), template, PoseFit(1.0, 0.0, 0.0, (1.0, 1.0))), turn(head))
    assert ["of the vault lies outside the scan" in warning for warning in warnings] == [True] * warned


@pytest.mark.parametrize(("far_fraction", "warned"), [(0.39, False), (0.41, True)])
def test_much_bone_off_the_template_is_told(far_fraction, warned):
    template = bundled_template()
    head = Volume(template.voxels > 0, template.affine)
    head = on_box(head, box_from((-15, -15, -15), np.array(head.shape) + 15))
    warnings = pose_warnings(HeadPose(np.eye(4), template, PoseFit(1.0, far_fraction, 0.0, (1.0, 1.0))), head)
    assert warnings == ["41% of the bone lies where no skull has bone; check the mask."] * warned
