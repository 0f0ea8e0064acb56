"""A CT is read from a volume file or a DICOM series, whose options do not apply to the other."""

import numpy as np
import pytest
from ct_phantoms import NAME, blob, write_series

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import write_volume


def test_a_volume_file_is_read_unchanged(tmp_path):
    ct = blob()
    write_volume(ct, tmp_path / "ct.nrrd")
    scan = read_ct(tmp_path / "ct.nrrd")
    assert np.array_equal(scan.volume.voxels, ct.voxels)
    assert scan.path == str(tmp_path / "ct.nrrd")
    with pytest.raises(InputError, match="leave out --series"):
        read_ct(tmp_path / "ct.nrrd", series="3")
    write_series(ct, tmp_path / "dicom")
    with pytest.raises(InputError, match="leave out --orientation"):
        read_ct(tmp_path / "dicom", orientation="LPS")
    assert NAME.split("^")[0] not in str(read_ct(tmp_path / "dicom"))
