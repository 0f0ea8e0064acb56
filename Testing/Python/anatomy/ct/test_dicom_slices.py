"""A DICOM series is read as the volume that was scanned, or refused with the reason."""

import numpy as np
import pytest
from ct_phantoms import SPACING, blob, write_series
from phantoms import OBLIQUE
from pydicom import dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLosslessSV1, RLELossless, generate_uid

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError


@pytest.mark.parametrize("directions", [None, OBLIQUE @ np.diag([1, -1, -1]), np.eye(3)[:, [1, 2, 0]]])
def test_a_series_is_the_volume_that_was_written(tmp_path, directions):
    ct = blob(directions=directions)
    write_series(ct, tmp_path / "series")
    (tmp_path / "series" / "notes.txt").write_text("no image")
    scan = read_ct(tmp_path / "series")
    # The reader may choose the order of the slices, but not the value at a position in the patient.
    voxels = scan.volume.voxels
    points = scan.volume.to_ras(np.argwhere(voxels > -5000))
    indices = np.rint(ct.to_indices(points)).astype(int)
    assert np.abs(ct.to_ras(indices) - points).max() < 1e-4
    assert np.array_equal(ct.voxels[tuple(indices.T)], voxels.ravel())
    assert np.allclose(sorted(scan.volume.spacing), sorted(SPACING), atol=1e-6)
    assert scan.warnings == ()
    assert scan.volume.voxels.dtype == np.int16
    assert scan.details == {
        "series_number": "3",
        "slices": 14,
        "slice_thickness_mm": 1.2,
        "gantry_tilt_deg": 0.0,
    }
    assert scan.path == "DICOM series 3"


def test_rescale_slope_and_padding_are_applied(tmp_path):
    ct = blob()
    write_series(ct, tmp_path, RescaleSlope="0.5", RescaleIntercept="-1000.5")
    stored = ct.voxels.astype(float) + 1024
    assert np.allclose(read_ct(tmp_path).volume.voxels, np.maximum(stored * 0.5 - 1000.5, -1024))


def test_slices_that_do_not_belong_together_are_refused(tmp_path):
    ct = blob()
    uid = dcmread(write_series(ct, tmp_path / "a")[0]).SeriesInstanceUID
    write_series(ct.with_voxels(ct.voxels + 1), tmp_path / "a", prefix="b", SeriesInstanceUID=uid)
    with pytest.raises(InputError, match=r"a00\d\d.dcm and b00\d\d.dcm are different slices with the same position"):
        read_ct(tmp_path / "a")
    uid = dcmread(write_series(ct, tmp_path / "b")[0]).SeriesInstanceUID
    write_series(blob(shape=(20, 20, 12)), tmp_path / "b", prefix="b", SeriesInstanceUID=uid)
    with pytest.raises(InputError, match="differ in size"):
        read_ct(tmp_path / "b")


def test_the_same_slice_twice_is_read_once(tmp_path):
    """As the archive sends it, under another name, or exports into one folder leave it."""
    ct = blob()
    file = write_series(ct, tmp_path / "a")[4]
    plain = read_ct(tmp_path / "a")
    (tmp_path / "a" / "again.dcm").write_bytes(file.read_bytes())
    dataset = dcmread(file)
    dataset.SOPInstanceUID = generate_uid()
    dataset.save_as(tmp_path / "a" / "sent.dcm")
    scan = read_ct(tmp_path / "a")
    assert np.array_equal(scan.volume.voxels, ct.voxels)
    assert scan.details == plain.details
    assert scan.warnings == ()


def test_files_without_preamble_and_meta_information_are_read(tmp_path):
    ct = blob()
    for path in write_series(ct, tmp_path):
        dataset = dcmread(path)
        dataset.preamble, dataset.file_meta = None, FileMetaDataset()
        dataset.save_as(path, implicit_vr=True, little_endian=True, enforce_file_format=False)
        assert path.read_bytes()[:2] == b"\x08\x00"
    assert np.array_equal(read_ct(tmp_path).volume.voxels, ct.voxels)


def test_an_empty_sequence_of_frames_is_none(tmp_path):
    ct = blob()
    write_series(ct, tmp_path, PerFrameFunctionalGroupsSequence=Sequence([]))
    assert np.array_equal(read_ct(tmp_path).volume.voxels, ct.voxels)


def test_a_slice_without_what_the_others_have_is_refused_by_name(tmp_path):
    for keyword in ("ImagePositionPatient", "PixelSpacing", "RescaleIntercept", "Rows"):
        paths = write_series(blob(), tmp_path / keyword)
        dataset = dcmread(paths[3])
        del dataset[keyword]
        dataset.save_as(paths[3])
        with pytest.raises(InputError, match=rf"{paths[3].name} has no.*{keyword}"):
            read_ct(tmp_path / keyword)


def test_an_image_of_another_size_than_its_header_says_is_refused(tmp_path):
    """pydicom would take the first bytes, so each row would begin a little later than the one before."""
    write_series(blob(), tmp_path, Columns=39)
    with pytest.raises(InputError, match=r"a00\d\d.dcm cannot be decoded: it is not of the size"):
        read_ct(tmp_path)


def test_compressed_slices_are_decoded_or_the_compression_is_named(tmp_path):
    ct = blob()
    for path in write_series(ct, tmp_path / "rle"):
        dataset = dcmread(path)
        dataset.compress(RLELossless)
        dataset.save_as(path)
    assert np.array_equal(read_ct(tmp_path / "rle").volume.voxels, ct.voxels)
    for path in tmp_path.glob("rle/*.dcm"):  # a UID of the same length that no decoder knows
        path.write_bytes(path.read_bytes().replace(b"1.2.840.10008.1.2.5", b"1.2.840.10008.1.9.9"))
    with pytest.raises(InputError, match=r"is compressed as .* pip install python-gdcm"):
        read_ct(tmp_path / "rle")


def test_jpeg_lossless_names_its_decoder(tmp_path, monkeypatch):
    from CraNeXtLib.anatomy.ct import dicom_pixels

    path = write_series(blob(), tmp_path)[0]
    dataset = dcmread(path)
    dataset.compress(RLELossless)
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    dataset.save_as(path)

    class Absent:
        is_available = False

    monkeypatch.setattr(dicom_pixels, "get_decoder", lambda _: Absent())
    with pytest.raises(InputError, match=r"JPEG Lossless.*pip install python-gdcm"):
        read_ct(tmp_path)


def test_damaged_images_are_refused(tmp_path):
    for path in write_series(blob(), tmp_path):
        content = path.read_bytes()
        path.write_bytes(content[:-400])
    with pytest.raises(InputError, match="cannot be decoded"):
        read_ct(tmp_path)
