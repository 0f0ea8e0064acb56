"""A DICOM series is read as the volume that was scanned, or refused with the reason."""

import numpy as np
import pytest
from ct_phantoms import SPACING, blob, write_series
from phantoms import OBLIQUE
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLosslessSV1, RLELossless

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
    write_series(ct, tmp_path / "a", prefix="b", SeriesInstanceUID=uid)
    with pytest.raises(InputError, match="the same position"):
        read_ct(tmp_path / "a")
    uid = dcmread(write_series(ct, tmp_path / "b")[0]).SeriesInstanceUID
    write_series(blob(shape=(20, 20, 12)), tmp_path / "b", prefix="b", SeriesInstanceUID=uid)
    with pytest.raises(InputError, match="differ in size"):
        read_ct(tmp_path / "b")


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
    from CraNeXtLib.anatomy.ct import dicom_slices

    path = write_series(blob(), tmp_path)[0]
    dataset = dcmread(path)
    dataset.compress(RLELossless)
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    dataset.save_as(path)

    class Absent:
        is_available = False

    monkeypatch.setattr(dicom_slices, "get_decoder", lambda _: Absent())
    with pytest.raises(InputError, match=r"JPEG Lossless.*pip install python-gdcm"):
        read_ct(tmp_path)


def test_damaged_images_are_refused(tmp_path):
    for path in write_series(blob(), tmp_path):
        content = path.read_bytes()
        path.write_bytes(content[:-400])
    with pytest.raises(InputError, match="cannot be decoded"):
        read_ct(tmp_path)


def test_an_enhanced_ct_in_one_file_is_read(tmp_path):
    """All frames are in one file, and their positions in functional groups."""
    ct = blob()
    paths = write_series(ct, tmp_path / "single")
    slices = sorted((dcmread(p) for p in paths), key=lambda d: float(d.ImagePositionPatient[2]))
    whole = slices[0]
    whole.NumberOfFrames = len(slices)
    whole.PixelData = b"".join(d.PixelData for d in slices)

    def group(keyword: str, source: Dataset, *names: str) -> Dataset:
        item, outer = Dataset(), Dataset()
        for name in names:
            setattr(item, name, source[name].value)
        setattr(outer, keyword, Sequence([item]))
        return outer

    shared = group("PixelMeasuresSequence", whole, "PixelSpacing", "SliceThickness")
    shared.update(group("PlaneOrientationSequence", whole, "ImageOrientationPatient"))
    shared.update(group("PixelValueTransformationSequence", whole, "RescaleSlope", "RescaleIntercept"))
    whole.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = [group("PlanePositionSequence", d, "ImagePositionPatient") for d in slices]
    whole.PerFrameFunctionalGroupsSequence = Sequence(frames)
    for name in ("PixelSpacing", "SliceThickness", "ImageOrientationPatient", "RescaleSlope", "ImagePositionPatient"):
        del whole[name]
    (tmp_path / "enhanced").mkdir()
    whole.save_as(tmp_path / "enhanced" / "one.dcm")
    scan = read_ct(tmp_path / "enhanced" / "one.dcm")
    assert np.array_equal(scan.volume.voxels, ct.voxels)
    assert np.allclose(scan.volume.affine, ct.affine, atol=1e-5)
