"""The CT series among DICOM files is found; if there are several, the message lists them."""

import numpy as np
import pytest
from ct_phantoms import blob, write_series

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError


def test_one_file_selects_its_series(tmp_path):
    ct = blob()
    write_series(ct, tmp_path, number=1)
    file = write_series(ct.with_voxels(ct.voxels + 7), tmp_path, number=2, prefix="b")[4]
    assert np.array_equal(read_ct(file).volume.voxels, ct.voxels + 7)


def test_several_series_are_listed_and_can_be_chosen(tmp_path):
    ct = blob()
    write_series(ct, tmp_path / "x" / "bone", number=2, description="Bone 0.6")
    write_series(ct.with_voxels(ct.voxels + 5), tmp_path / "x" / "soft", number=11, description="Soft 3.0")
    write_series(blob(shape=(8, 8, 3)), tmp_path / "scout", number=1)
    write_series(ct, tmp_path / "mr", number=7, Modality="MR")
    write_series(ct, tmp_path / "localizer", number=8, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    with pytest.raises(InputError, match=r"2 CT series.*--series: 2 \(Bone 0.6, 14 slices\); 11 \(Soft 3.0"):
        read_ct(tmp_path)
    assert read_ct(tmp_path, series="11").volume.voxels[0, 0, 0] == ct.voxels[0, 0, 0] + 5
    assert read_ct(tmp_path, series="bone 0.6").volume.voxels[0, 0, 0] == ct.voxels[0, 0, 0]
    with pytest.raises(InputError, match="no CT series '4'"):
        read_ct(tmp_path, series="4")
    with pytest.raises(InputError, match="MR, 14 slices"):
        read_ct(tmp_path / "mr")


def test_files_that_are_not_dicom_are_refused(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(InputError, match="no DICOM images"):
        read_ct(tmp_path)
    with pytest.raises(InputError, match="not a DICOM"):
        read_ct(tmp_path / "a.txt")
    with pytest.raises(InputError, match="no file or folder"):
        read_ct(tmp_path / "absent")
