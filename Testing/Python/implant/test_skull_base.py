"""An implant at the level of the skull base is warned of, with its volume there, wherever the head lies."""

import numpy as np
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.head.landmarks import skull_frame
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.skull_base import base_warnings


def test_only_what_lies_at_the_level_of_the_base_counts():
    phantom = head(spacing=(3.0, 3.0, 2.7), thickness_mm=9.0, holes=(((70.0, 10.0, -20.0), 45.0),))
    template = phantom.complete.with_voxels(2 * phantom.complete.voxels.astype(np.uint8))
    motion = np.eye(4)
    motion[:3, :3], motion[:3, 3] = OBLIQUE, (12, -7, 40)
    pose = HeadPose(motion, template, PoseFit(1.0, 0.1, 0.1, (1.0, 1.0)))
    implant = Volume(phantom.implant.voxels, motion @ phantom.implant.affine)
    heights = phantom.implant.to_ras(np.argwhere(phantom.implant.voxels))[:, 2]
    below, total = (n * 0.0243 for n in ((heights < skull_frame(template).base).sum(), len(heights)))
    assert 1 < below < total
    (warning,) = base_warnings(implant, pose)
    assert warning.startswith(f"{below:.1f} of {total:.1f} mL of the implant lie at the level of the skull base")
    vault = head(spacing=(3.0, 3.0, 3.0), thickness_mm=9.0).implant
    assert base_warnings(Volume(vault.voxels, motion @ vault.affine), pose) == []
