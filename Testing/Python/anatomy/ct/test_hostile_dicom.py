"""A header value that no CT has is refused in one sentence that names the file and the attribute."""

import os

import numpy as np
import pytest
from ct_phantoms import blob, write_series
from pydicom import dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from CraNeXtLib.anatomy.ct.reading import read_ct
from CraNeXtLib.core.errors import InputError

CT = blob(shape=(8, 10, 12))


def spoil(path, keyword: str, value: str | bytes | None) -> None:
    """Write a value into a file as it is, whatever DICOM says of its form, or delete the attribute."""
    dataset = dcmread(path)
    tag = Tag(tag_for_keyword(keyword))
    del dataset[tag]
    if value is not None:
        content = value.encode() if isinstance(value, str) else value
        content += b" " * (len(content) % 2)
        dataset._dict[tag] = RawDataElement(tag, dictionary_VR(tag), len(content), content, 0, False, True)
    dataset.save_as(path)


def middle(folder):
    """Write a small series and return the file of a slice in its middle."""
    paths = write_series(CT, folder, NumberOfFrames=1)
    return sorted(paths, key=lambda path: float(dcmread(path).ImagePositionPatient[2]))[5]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("NumberOfFrames", "x"),
        ("NumberOfFrames", "99999999"),
        ("ImagePositionPatient", "nan\\0\\0"),
        ("ImagePositionPatient", "1e999\\0\\0"),
        ("ImagePositionPatient", "0\\0"),
        ("ImagePositionPatient", "1e12\\0\\61"),
        ("ImagePositionPatient", None),
        ("ImageOrientationPatient", "0\\0\\0\\0\\0\\0"),
        ("ImageOrientationPatient", "1\\0\\0\\1\\0\\0"),
        ("ImageOrientationPatient", None),
        ("PixelSpacing", "0\\0"),
        ("PixelSpacing", "-1\\1"),
        ("PixelSpacing", "1"),
        ("PixelSpacing", None),
        ("SliceThickness", "-1"),
        ("SliceThickness", "1e9"),
        ("RescaleSlope", "0"),
        ("RescaleSlope", "abc"),
        ("RescaleIntercept", "1e30"),
        ("Rows", b"\xff\xff"),
        ("Columns", b"\x00\x00"),
        ("SamplesPerPixel", b"\x00\x00"),
    ],
)
def test_an_impossible_value_is_refused_by_name(tmp_path, keyword, value):
    path = middle(tmp_path)
    spoil(path, keyword, value)
    with pytest.raises(InputError) as refusal:
        read_ct(tmp_path)
    named = path.name in str(refusal.value) and keyword in str(refusal.value)
    # A color image is no slice, so the slice is missing.
    assert named or (keyword == "SamplesPerPixel" and "missing" in str(refusal.value)), refusal.value


@pytest.mark.parametrize("number", ["1.5", "1 2", "abc"])
def test_a_number_of_another_form_is_only_a_name(tmp_path, number):
    write_series(CT, tmp_path)
    for path in tmp_path.iterdir():
        spoil(path, "SeriesNumber", number)
    scan = read_ct(tmp_path, series=number)
    assert np.array_equal(scan.volume.voxels, CT.voxels)
    assert scan.path == f"DICOM series {number}"


@pytest.mark.parametrize("step", [1e-6, 1e-3, 1e4, 1e7])
def test_positions_that_no_head_has_are_refused_before_memory_is_taken(tmp_path, step):
    positions = CT.to_ras(np.zeros((1, 3))) + np.arange(12)[:, None] * [0, 0, step]
    write_series(CT, tmp_path, positions=positions)
    with pytest.raises(InputError):
        read_ct(tmp_path)


def test_a_pipe_in_the_folder_does_not_hang(tmp_path):
    write_series(CT, tmp_path)
    os.mkfifo(tmp_path / "pipe.dcm")
    assert np.array_equal(read_ct(tmp_path).volume.voxels, CT.voxels)
    with pytest.raises(InputError, match="pipe"):
        read_ct(tmp_path / "pipe.dcm")


def test_damaged_file_meta_information_is_refused(tmp_path):
    path = middle(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\x02\x00\x02\x00UI", b"\x02\x00\x02\x00U\xf6", 1))
    with pytest.raises(InputError, match=r"missing|damaged"):
        read_ct(tmp_path)
