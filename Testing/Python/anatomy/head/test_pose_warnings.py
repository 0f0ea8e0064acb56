"""What is said about a head that is no adult's, or about a scan without the whole vault."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.anatomy.head.pose_warnings import pose_warnings
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.volume import Volume


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "warned"), [(0.95, False), (0.82, True)])
def test_a_childs_head_is_told_by_its_size(scale, warned):
    template = bundled_template()
    matrix = np.diag([scale, scale, scale, 1.0])
    child = Volume(template.voxels > 0, matrix @ template.affine)
    child = on_box(child, box_from((-15, -15, 0), np.array(child.shape) + 15))
    warnings = pose_warnings(HeadPose(matrix, template, PoseFit(1.0, 0.0, 0.0, (scale, scale))), child)
    assert [warning.startswith(f"The head is {scale:.2f} times the size of an adult's") for warning in warnings] == (
        [True] if warned else []
    )


@pytest.mark.parametrize(("missing_mm", "warned"), [(1.0, False), (6.0, True)])
def test_a_flat_end_of_the_vault_may_be_the_rim_of_a_hole(missing_mm, warned):
    template = bundled_template()
    head = Volume(template.voxels > 0, template.affine)
    top = int(np.flatnonzero(head.voxels.any(axis=(0, 1)))[-1])
    voxels = head.voxels.copy()
    voxels[..., top - round(missing_mm / head.spacing[2]) + 1 :] = False
    voxels[..., top - round(missing_mm / head.spacing[2])] |= voxels.any(axis=2) & warned  # a wide, flat rim
    cut = on_box(head.with_voxels(voxels), box_from((-15, -15, 0), np.array(head.shape) + 15))
    warnings = pose_warnings(HeadPose(np.eye(4), template, PoseFit(1.0, 0.0, 0.0, (1.0, 1.0))), cut)
    assert [warning.startswith("All bone ends in one plane at the top") for warning in warnings] == [True] * warned
