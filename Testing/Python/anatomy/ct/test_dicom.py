"""A DICOM series comes in as the volume that it shows, or is refused by name."""

import numpy as np
import pytest
from ct_phantoms import NAME, write_series
from phantoms import OBLIQUE
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import JPEGLosslessSV1, RLELossless

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

SPACING = (0.5, 0.6, 1.2)


def blob(shape=(40, 36, 14), directions=None, spacing=SPACING) -> Volume:
    """Return smooth values of which every voxel differs from its neighbours, not a copy of themselves if flipped."""
    affine = np.eye(4)
    affine[:3, :3] = (np.diag([-1, -1, 1]) if directions is None else directions) * spacing
    affine[:3, 3] = (12, -30, 55)
    i, j, k = np.indices(shape)
    values = 700 * np.sin(i / 9) + 200 * np.cos(j / 7 + 0.3) + 20 * k
    return Volume(np.rint(values).astype(np.int16), affine)


@pytest.mark.parametrize("directions", [None, OBLIQUE @ np.diag([1, -1, -1]), np.eye(3)[:, [1, 2, 0]]])
def test_a_series_is_the_volume_that_was_written(tmp_path, directions):
    ct = blob(directions=directions)
    write_series(ct, tmp_path / "series")
    (tmp_path / "series" / "notes.txt").write_text("no image")
    scan = read_ct(tmp_path / "series")
    # The slices' order along the normal is the reader's choice; the values at a place in the patient are not.
    voxels = scan.volume.voxels
    places = scan.volume.to_ras(np.argwhere(voxels > -5000))
    indices = np.rint(ct.to_indices(places)).astype(int)
    assert np.abs(ct.to_ras(indices) - places).max() < 1e-4
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


def test_one_file_stands_for_its_series(tmp_path):
    ct = blob()
    write_series(ct, tmp_path, number=1)
    file = write_series(ct.with_voxels(ct.voxels + 7), tmp_path, number=2, prefix="b")[4]
    assert np.array_equal(read_ct(file).volume.voxels, ct.voxels + 7)


def test_several_series_are_named_and_can_be_chosen(tmp_path):
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


def test_what_is_no_dicom_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    with pytest.raises(InputError, match="no DICOM images"):
        read_ct(tmp_path)
    with pytest.raises(InputError, match="neither DICOM"):
        read_ct(tmp_path / "a.txt")
    with pytest.raises(InputError, match="no file or folder"):
        read_ct(tmp_path / "absent")


def test_rescale_slope_and_padding_are_applied(tmp_path):
    ct = blob()
    write_series(ct, tmp_path, RescaleSlope="0.5", RescaleIntercept="-1000.5")
    stored = ct.voxels.astype(float) + 1024
    assert np.allclose(read_ct(tmp_path).volume.voxels, np.maximum(stored * 0.5 - 1000.5, -1024))


def test_a_tilted_gantry_is_straightened(tmp_path):
    """The values at a place in the patient stay, though the grid is another."""
    ct = blob()
    positions = ct.to_ras(np.array([(0, 0, k) for k in range(14)]))
    tilt = np.deg2rad(15)
    positions[:, 1] += np.arange(14) * 1.2 * np.tan(tilt)
    write_series(ct, tmp_path, positions=positions)
    scan = read_ct(tmp_path)
    axes = scan.volume.affine[:3, :3] / scan.volume.spacing
    assert np.allclose(axes.T @ axes, np.eye(3), atol=1e-6)
    assert scan.details["gantry_tilt_deg"] == pytest.approx(15, abs=0.1)
    assert "tilted by 15.0°" in scan.warnings[0]
    inner = np.stack(np.meshgrid(np.arange(5, 35), np.arange(5, 31), np.arange(14), indexing="ij"), -1).reshape(-1, 3)
    places = ct.to_ras(inner)
    places[:, 1] += inner[:, 2] * 1.2 * np.tan(tilt)
    indices = scan.volume.to_indices(places)
    from scipy.ndimage import map_coordinates

    values = map_coordinates(scan.volume.voxels.astype(float), indices.T, order=1)
    assert np.abs(values - ct.voxels[tuple(inner.T)]).max() < 8  # of 700 HU: twice interpolated


def test_uneven_slices_are_interpolated_and_missing_ones_refused(tmp_path):
    ct = blob(shape=(20, 20, 24))
    values = np.broadcast_to(np.arange(24) * 1.2 * 20, (20, 20, 24)).astype(np.int16)  # 20 HU a millimetre
    ct = ct.with_voxels(values)
    heights = np.cumsum(np.r_[0, np.repeat([1.0, 1.4], [12, 11])])
    positions = ct.to_ras(np.zeros((1, 3))) + heights[:, None] * [0, 0, 1]
    uneven = ct.with_voxels(np.broadcast_to(20 * heights, ct.shape).astype(np.int16))
    write_series(uneven, tmp_path / "uneven", positions=positions)
    scan = read_ct(tmp_path / "uneven")
    assert "1 to 1.4 mm apart" in scan.warnings[0]
    assert scan.volume.spacing[2] == pytest.approx(1.0)
    z = scan.volume.to_ras(np.argwhere(scan.volume.voxels > -5000))[:, 2] - 55
    assert np.abs(scan.volume.voxels.ravel() - 20 * z).max() <= 1

    paths = write_series(ct, tmp_path / "missing")
    gone = next(p for p in paths if abs(float(dcmread(p).ImagePositionPatient[2]) - (55 + 5 * 1.2)) < 0.1)
    gone.unlink()
    with pytest.raises(InputError, match=r"missing: 2.4 mm lie between slices 5 and 6 of 23"):
        read_ct(tmp_path / "missing")


def test_slices_that_do_not_belong_together_are_refused(tmp_path):
    ct = blob()
    uid = dcmread(write_series(ct, tmp_path / "a")[0]).SeriesInstanceUID
    write_series(ct, tmp_path / "a", prefix="b", SeriesInstanceUID=uid)
    with pytest.raises(InputError, match="one place"):
        read_ct(tmp_path / "a")
    uid = dcmread(write_series(ct, tmp_path / "b")[0]).SeriesInstanceUID
    write_series(blob(shape=(20, 20, 12)), tmp_path / "b", prefix="b", SeriesInstanceUID=uid)
    with pytest.raises(InputError, match="differ in size"):
        read_ct(tmp_path / "b")


def test_compressed_slices_are_decoded_or_refused_by_name(tmp_path):
    ct = blob()
    for path in write_series(ct, tmp_path / "rle"):
        dataset = dcmread(path)
        dataset.compress(RLELossless)
        dataset.save_as(path)
    assert np.array_equal(read_ct(tmp_path / "rle").volume.voxels, ct.voxels)
    for path in tmp_path.glob("rle/*.dcm"):  # an equally long UID that no decoder will ever know
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
    """All frames in one file, their places in functional groups."""
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


def test_a_file_is_read_as_it_is(tmp_path):
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
