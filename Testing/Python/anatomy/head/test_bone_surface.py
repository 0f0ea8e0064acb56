"""The bone surface that registration matches: outward normals in any frame, and no surface without bone."""

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.bone_surface import bone_surface
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume


def test_normals_point_outward_in_any_handedness():
    ball = np.linalg.norm(np.indices((41,) * 3) - 20, axis=0) < 15
    for signs in ((1, 1, 1), (-1, 1, 1), (-1, -1, 2)):
        volume = Volume(ball, np.diag([*signs, 1.0]))
        surface = bone_surface(volume)
        outward = surface.points - volume.to_ras(np.full((1, 3), 20))
        assert (np.sum(outward * surface.normals, axis=1) > 0).mean() > 0.99


@pytest.mark.parametrize(("voxels", "words"), [(np.ones((6, 6, 6)), "no bone"), (np.zeros((5, 5, 5)), "empty")])
def test_a_volume_without_a_surface_is_refused(voxels, words):
    with pytest.raises(InputError, match=words):
        bone_surface(Volume(voxels, np.eye(4)))
