"""A CT is read from a volume file or a DICOM series, whose options do not apply to the other."""

import numpy as np
import pytest
from ct_phantoms import NAME, blob, write_series
from dicom_segmentations import write_segmentation

from CraNeXtLib.anatomy.ct.reading import ct_hash, read_ct
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import write_volume


def test_a_volume_file_is_read_unchanged(tmp_path):
    ct = blob()
    write_volume(ct, tmp_path / "ct.nrrd")
    scan = read_ct(tmp_path / "ct.nrrd")
    assert np.array_equal(scan.volume.voxels, ct.voxels)
    assert scan.path == "ct.nrrd"  # the folder may be named after the patient
    with pytest.raises(InputError, match="leave out --series"):
        read_ct(tmp_path / "ct.nrrd", series="3")
    write_series(ct, tmp_path / "dicom")
    with pytest.raises(InputError, match="leave out --orientation"):
        read_ct(tmp_path / "dicom", orientation="LPS")
    assert NAME.split("^")[0] not in str(read_ct(tmp_path / "dicom"))


def test_a_segmentation_beside_a_ct_changes_nothing_and_is_no_ct(tmp_path):
    ct = blob(shape=(8, 10, 12))
    write_series(ct, tmp_path)
    plain = read_ct(tmp_path)
    path = write_segmentation(tmp_path / "masks.dcm", ct, {"Skull": ct.voxels > 300})
    for file in (tmp_path / "masks-ct").iterdir():
        file.unlink()
    scan = read_ct(tmp_path)
    assert (scan.sha256, scan.warnings) == (plain.sha256, ())
    with pytest.raises(InputError, match=r"masks.dcm is a segmentation, not a CT; leave out --ct"):
        read_ct(path)


@pytest.mark.parametrize("whole_folder", [True, False])
def test_the_hash_of_a_series_does_not_depend_on_what_else_is_in_its_folder(tmp_path, whole_folder):
    """A batch that writes its results beside the slices would otherwise run again."""
    file = write_series(blob(), tmp_path)[3]
    other = write_series(blob(), tmp_path, number=9, prefix="b")[0]
    path = tmp_path if whole_folder else file
    before = ct_hash(path, series="3")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "implant.stl").write_text("solid")
    other.unlink()
    assert ct_hash(path, series="3") == before
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    changed = ct_hash(path, series="3")
    assert changed not in ("", before)
    next(p for p in tmp_path.glob("a*") if p != file).unlink()
    assert ct_hash(path, series="3") not in ("", before, changed)
    assert ct_hash(tmp_path / "absent") == ""


def test_where_no_series_can_be_told_the_hash_covers_the_whole_folder(tmp_path):
    for name in ("1.dcm", "part/2.dcm"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"slice " + name.encode())
    before = ct_hash(tmp_path / "1.dcm")
    assert before == ct_hash(tmp_path)
    (tmp_path / "part" / "2.dcm").write_bytes(b"another slice")
    assert ct_hash(tmp_path / "1.dcm") not in ("", before)
    assert ct_hash(tmp_path / "absent.dcm") == ""
