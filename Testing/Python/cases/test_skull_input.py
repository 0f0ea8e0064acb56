"""Whether a donor is a CT or a mask is told by its own values."""

import numpy as np
import pytest

from CraNeXtLib.cases import skull_input
from CraNeXtLib.cases.skull_input import read_donor
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume


@pytest.mark.parametrize(
    ("values", "skull_is_ct", "is_ct"),
    [
        ((-1000, 1200), False, True),
        ((0, 1), True, False),
        ((0, 1), False, False),
        ((0, 1200), True, True),  # a CT whose air is 0
        ((0, 255), False, False),
    ],
)
def test_the_kind_of_a_donor(values, skull_is_ct, is_ct, tmp_path, monkeypatch):
    voxels = np.full((6, 6, 6), values[0], np.int16)
    voxels[2:4, 2:4, 2:4] = values[1]
    write_volume(Volume(voxels, np.diag([10.0, 10.0, 10.0, 1.0])), tmp_path / "donor.nrrd")
    monkeypatch.setattr(skull_input, "read_ct_skull", lambda *_, **__: "CT")  # segmenting takes a whole head
    read = read_donor(tmp_path / "donor.nrrd", ct=skull_is_ct, threshold_hu=300.0)
    assert (read == "CT") is is_ct
