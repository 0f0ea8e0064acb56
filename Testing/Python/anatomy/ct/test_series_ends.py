"""No end slice is lost without a word, although no gap shows it."""

import numpy as np
import pytest
from ct_phantoms import blob, write_series
from pydicom import dcmread
from pydicom.uid import generate_uid

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError

CT = blob(shape=(8, 10, 12))


def written(folder, suffix=".dcm", ct=CT, **attributes):
    """Write a series with numbered images, and return its files from the first slice to the last."""
    heights = {path: float(dcmread(path).ImagePositionPatient[2]) for path in write_series(ct, folder, **attributes)}
    files = []
    for number, path in enumerate(sorted(heights, key=heights.get), 1):
        dataset = dcmread(path)
        dataset.InstanceNumber = number
        path.unlink()
        files.append(folder / f"IM{number:04d}{suffix}")
        dataset.save_as(files[-1])
    return files


def change(path, **attributes):
    dataset = dcmread(path)
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)


def another_series(path):
    change(path, SeriesInstanceUID=generate_uid())


def another_series_of_another_name(path):
    change(path, SeriesInstanceUID=generate_uid(), SeriesNumber=99, SeriesDescription="Other")


def scout(path):
    change(path, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])


def color(path):
    change(path, SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SamplesPerPixel=3)


def no_identity(path):
    change(path, SeriesInstanceUID="1.2", SeriesNumber=None, ImagePositionPatient=None)


def junk(path):
    path.write_bytes(bytes(range(256)) * 4)


def page(path):
    path.write_text("<html>404: not found</html>" * 40)


CHANGES = [another_series, another_series_of_another_name, scout, color, no_identity, junk, page]


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("spoil", CHANGES)
def test_an_end_slice_that_is_not_recognized_is_named(tmp_path, spoil, place):
    path = written(tmp_path, suffix="")[place]
    spoil(path)
    scan = read_ct(tmp_path)
    assert scan.volume.shape == (8, 10, 11)
    assert " ".join(scan.warnings).count(path.name) == 1


@pytest.mark.parametrize(("steps_beyond", "named"), [(0.6, True), (1.4, True), (1.6, False), (0.4, False)])
def test_an_image_continues_the_slices_if_it_lies_nearer_to_the_next_place_than_half_a_step(
    tmp_path, steps_beyond, named
):
    last, before = written(tmp_path, suffix="")[:-3:-1]
    position, step = (np.array(dcmread(path).ImagePositionPatient) for path in (last, before))
    (tmp_path / "XR0001").write_bytes(last.read_bytes())
    another_series_of_another_name(tmp_path / "XR0001")
    change(tmp_path / "XR0001", ImagePositionPatient=list(position + steps_beyond * (position - step)))
    assert ["XR0001" in warning for warning in read_ct(tmp_path).warnings] == [True] * named


def test_the_numbers_tell_that_the_first_image_is_missing(tmp_path):
    files = written(tmp_path)
    assert read_ct(tmp_path).warnings == ()
    files[0].unlink()
    (warning,) = read_ct(tmp_path).warnings
    assert "begin with 2 instead of 1" in warning
    # A scout that is number 1 of the series accounts for it.
    scout(files[1])
    change(files[1], InstanceNumber=1, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    for number, path in enumerate(files[2:], 2):
        change(path, InstanceNumber=number)
    assert read_ct(tmp_path).warnings == ()


@pytest.mark.parametrize("numbers", [range(2, 26, 2), range(101, 113), [2] * 12])
def test_numbers_that_do_not_count_images_from_one_are_no_reason_to_warn(tmp_path, numbers):
    for path, number in zip(written(tmp_path), numbers, strict=True):
        change(path, InstanceNumber=number)
    assert read_ct(tmp_path).warnings == ()


@pytest.mark.parametrize("keyword", ["ImagesInAcquisition", "NumberOfSeriesRelatedInstances"])
def test_the_headers_count_tells_that_the_last_image_is_missing(tmp_path, keyword):
    files = written(tmp_path, **{keyword: 12})
    assert read_ct(tmp_path).warnings == ()
    scout(files[-1])  # it is one of the 12
    change(files[-1], ImageOrientationPatient=[0, 1, 0, 0, 0, -1])
    assert read_ct(tmp_path).warnings == ()
    files[-1].unlink()
    (warning,) = read_ct(tmp_path).warnings
    assert "has 12 images according to its headers, of which 11 are here" in warning


def test_an_acquisition_of_two_series_is_no_reason_to_warn(tmp_path):
    written(tmp_path, ImagesInAcquisition=24, InstanceNumber=None)
    assert read_ct(tmp_path).warnings == ()


def test_a_series_of_two_acquisitions_is_no_reason_to_warn(tmp_path):
    files = written(tmp_path, ImagesInAcquisition=13)
    change(files[0], ImagesInAcquisition=5)
    assert read_ct(tmp_path).warnings == ()


def test_other_series_and_files_beside_the_slices_are_no_reason_to_warn(tmp_path):
    files = written(tmp_path, suffix="")
    position = 2 * np.array(dcmread(files[-1]).ImagePositionPatient) - dcmread(files[-2]).ImagePositionPatient
    for name, attributes in {
        "XR0001": {"Rows": 4, "PixelData": bytes(64)},
        "XR0002": {"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]},
        "XR0003": {"ImagePositionPatient": list(position + np.array([0, 0, 30]))},
        "XR0004": {"PixelSpacing": [1.5, 1.5]},
    }.items():
        (tmp_path / name).write_bytes(files[-1].read_bytes())
        place = {"ImagePositionPatient": list(position)} | attributes
        change(tmp_path / name, SeriesInstanceUID=generate_uid(), SeriesNumber=9, **place)
    for name in ("notes", "VERSION", "IM0001.jpg"):
        (tmp_path / name).write_text("hello")
    assert read_ct(tmp_path).warnings == ()


@pytest.mark.parametrize("missing", [["RescaleSlope", "RescaleIntercept"], ["RescaleIntercept"]])
@pytest.mark.parametrize("signed", [False, True])
def test_values_that_no_header_rescales_are_refused_unless_they_show_air(tmp_path, missing, signed):
    ct = CT.with_voxels((CT.voxels - np.int16(1000)).clip(-1024))
    for path in written(tmp_path, ct=ct):
        dataset = dcmread(path)
        for keyword in missing:
            del dataset[keyword]
        if signed:
            values = np.frombuffer(dataset.PixelData, "<u2").astype(np.int16) - np.int16(1024)
            dataset.PixelRepresentation, dataset.PixelData = 1, values.tobytes()
        dataset.save_as(path)
    if signed:
        scan = read_ct(tmp_path)
        assert np.array_equal(scan.volume.voxels, ct.voxels)
        assert "were taken as Hounsfield units" in scan.warnings[0]
    else:
        with pytest.raises(InputError, match="no RescaleSlope or RescaleIntercept, and no value of the series is that"):
            read_ct(tmp_path)


@pytest.mark.parametrize(("keyword", "value"), [("RescaleIntercept", "-1124"), ("PixelRepresentation", 1)])
def test_a_slice_of_another_scale_or_type_is_named(tmp_path, keyword, value):
    path = written(tmp_path)[4]
    change(path, **{keyword: value})
    (warning,) = read_ct(tmp_path).warnings
    assert f"PixelRepresentation of {path.name} is not that of most slices" in warning
