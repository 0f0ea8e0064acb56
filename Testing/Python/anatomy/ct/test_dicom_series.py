"""The CT series among DICOM files is found; if there are several, the message lists them."""

import numpy as np
import pytest
from ct_phantoms import blob, write_series
from pydicom import dcmread
from pydicom.uid import RTStructureSetStorage, SecondaryCaptureImageStorage, generate_uid

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


def test_two_studies_of_equal_number_and_description_are_told_apart(tmp_path):
    ct = blob()
    write_series(ct, tmp_path / "before", AcquisitionDate="20260105", AcquisitionTime="103105.2")
    file = write_series(ct.with_voxels(ct.voxels + 9), tmp_path / "after", AcquisitionDate="20260311")[0]
    tail = dcmread(file).SeriesInstanceUID[-6:]
    with pytest.raises(InputError, match=rf"2026-01-05 10:31, UID …\d+\); 3 .*2026-03-11, UID …{tail}\)") as error:
        read_ct(tmp_path)
    assert "the end of its UID" in str(error.value)
    for choice in (tail, f"…{tail}", "2026-03-11"):
        assert np.array_equal(read_ct(tmp_path, series=choice).volume.voxels, ct.voxels + 9)
    assert np.array_equal(read_ct(tmp_path, series="2026-01-05 10:31").volume.voxels, ct.voxels)
    with pytest.raises(InputError, match="There are 2 CT series"):
        read_ct(tmp_path, series="3")


def add_to_series(file, change):
    """Write another object of a slice's series beside it."""
    dataset = dcmread(file)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    change(dataset)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.save_as(file.parent / "0000.dcm")


def structures(dataset):
    dataset.Modality, dataset.SOPClassUID = "RTSTRUCT", RTStructureSetStorage
    for keyword in ("PixelData", "Rows", "Columns", "ImagePositionPatient", "ImageType"):
        del dataset[keyword]


def dose_report(dataset):
    dataset.SOPClassUID, dataset.ImageType = SecondaryCaptureImageStorage, ["DERIVED", "SECONDARY"]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelData = bytes(3 * dataset.Rows * dataset.Columns)
    del dataset.ImagePositionPatient


def scout(dataset):
    dataset.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    dataset.Rows, dataset.PixelData = 80, dataset.PixelData * 4


@pytest.mark.parametrize("change", [structures, dose_report, scout])
def test_what_is_no_slice_is_left_out(tmp_path, change):
    ct = blob(shape=(20, 20, 14))
    file = write_series(ct, tmp_path / "plain")[0]
    plain = read_ct(tmp_path / "plain")
    add_to_series(file, change)
    scan = read_ct(tmp_path / "plain")
    assert np.array_equal(scan.volume.voxels, plain.volume.voxels)
    assert np.array_equal(scan.volume.affine, plain.volume.affine)
    assert scan.sha256 == plain.sha256
    assert scan.warnings == (
        ("Images that cross the slices, as scouts do, were left out: 0000.dcm.",) * (change is scout)
    )


def test_a_file_of_the_folder_that_is_damaged_is_told(tmp_path):
    """It may be the last slice of the series, whose absence nothing else shows."""
    ct = blob()
    write_series(ct, tmp_path)
    other = write_series(ct, tmp_path / "mr", number=7, Modality="MR")[0]
    other.write_bytes(other.read_bytes()[:-300])  # of another series: nobody needs to know
    assert read_ct(tmp_path).warnings == ()
    (tmp_path / "x.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\1\2\3" * 9)
    (tmp_path / "y.dcm").write_bytes(b"")
    scan = read_ct(tmp_path)
    assert np.array_equal(scan.volume.voxels, ct.voxels)
    assert "left out (x.dcm, y.dcm)" in scan.warnings[0]


def test_the_hash_of_a_series_depends_on_its_slices_alone(tmp_path):
    ct = blob()
    write_series(ct, tmp_path / "a" / "x")
    scan = read_ct(tmp_path / "a")
    (tmp_path / "a" / "notes.txt").write_text("seen")
    assert read_ct(tmp_path / "a").sha256 == scan.sha256
    file = next((tmp_path / "a" / "x").iterdir())
    dataset = dcmread(file)
    dataset.PixelData = b"\7" + dataset.PixelData[1:]
    dataset.save_as(file)
    assert read_ct(tmp_path / "a").sha256 != scan.sha256
