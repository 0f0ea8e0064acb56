"""The three masks of a tiny case of a data set: a block of bone with a notch."""

import numpy as np

from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

COMPLETE = np.zeros((6, 7, 8), dtype=bool)
COMPLETE[1:5, 1:6, 1:7] = True
IMPLANT = np.zeros_like(COMPLETE)
IMPLANT[3:5, 2:4, 2:5] = True
MASKS = {"complete": COMPLETE, "implant": IMPLANT, "defective": COMPLETE & ~IMPLANT}
AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])


def write(path, voxels, affine=AFFINE):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_volume(Volume(voxels, affine), path)
    return path
