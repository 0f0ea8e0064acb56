"""Only what is part of an image becomes Hounsfield units: no padding, drawing or unused bits."""

import numpy as np
import pytest
from pydicom import Dataset

from CraNeXtLib.anatomy.ct.dicom_header import HeaderValues
from CraNeXtLib.anatomy.ct.dicom_pixels import Encoding, encoding_warnings, hounsfield, overlay_bits
from CraNeXtLib.core.errors import InputError

TRUE = np.array([[-1024, -1000, 0, 40], [300, 1500, 2047, 60], [-800, 30, 35, 700]], np.int16)


def converted(stored, dtype=np.uint16, **attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    values = np.asarray(stored).astype(dtype)
    return hounsfield(values, HeaderValues("one.dcm", [dataset]), overlays=overlay_bits(dataset))


def test_bits_that_are_not_stored_do_not_count():
    unsigned = {"BitsStored": 12, "HighBit": 11, "RescaleIntercept": "-1024"}
    assert np.array_equal(converted(TRUE + 1024, **unsigned), TRUE)
    # two's complement in 12 bits, the others zero, or filled with the sign
    signed = {"BitsStored": 12, "HighBit": 11}
    assert np.array_equal(converted(TRUE & 0x0FFF, np.int16, **signed), TRUE)
    assert np.array_equal(converted(TRUE, np.int16, **signed), TRUE)
    # the highest bits hold the value
    assert np.array_equal(
        converted((TRUE.astype(int) & 0x0FFF) << 4, np.uint16, **signed | {"HighBit": 15}) % 4096, TRUE % 4096
    )


def test_a_drawing_in_an_unused_bit_is_no_bone():
    stored = TRUE.astype(int) + 1024
    stored[:, 1] |= 0x8000
    header = {"BitsStored": 12, "HighBit": 11, "RescaleIntercept": "-1024"}
    dataset = Dataset()
    dataset.add_new((0x6000, 0x0102), "US", 15)
    assert overlay_bits(dataset) == 0x8000
    values = HeaderValues("one.dcm", [dataset_of(header)])
    assert np.array_equal(hounsfield(stored.astype(np.uint16), values, overlays=0x8000), TRUE)
    with pytest.raises(InputError, match=r"BitsStored of one.dcm contradicts its image"):
        hounsfield(stored.astype(np.uint16), values)


def dataset_of(attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def padded(value):
    stored = np.full((8, 8), value, np.int64)
    stored[2:6, 2:6] = 1100
    stored[3, 3] = value  # metal, which happens to have the same value
    return stored


@pytest.mark.parametrize(("declared", "dtype"), [(4095, np.uint16), (-1961, np.int16), (63575, np.int16)])
def test_padding_is_air_where_it_reaches_the_border(declared, dtype):
    """A padding value above bone would be 4 L of metal; within the head the same value is what it says."""
    value = int(np.array(declared % 65536).astype(dtype))
    header = {"RescaleIntercept": "-1024" if value > 0 else "3000"}
    dataset = dataset_of(header)
    dataset.add_new(0x00280120, "US", declared % 65536)
    result = hounsfield(padded(value).astype(dtype), HeaderValues("one.dcm", [dataset]))
    outside = np.ones((8, 8), bool)
    outside[2:6, 2:6] = False
    assert (result[outside] == -1024).all()
    assert result[3, 3] == value + int(header["RescaleIntercept"])
    assert result[4, 4] == 1100 + int(header["RescaleIntercept"])


def test_a_range_of_padding_is_air():
    dataset = dataset_of({"RescaleIntercept": "-1024"})
    dataset.add_new(0x00280120, "US", 4000)
    dataset.add_new(0x00280121, "US", 4095)
    for value in (4000, 4050, 4095):
        assert hounsfield(padded(value).astype(np.uint16), HeaderValues("one.dcm", [dataset]))[0, 0] == -1024
    assert hounsfield(padded(3999).astype(np.uint16), HeaderValues("one.dcm", [dataset]))[0, 0] == 2975


def test_padding_beyond_the_stored_bits_is_air_everywhere():
    """-2000 as 16 bits, while the image has 12; the unused bits would make it 2096, which is metal."""
    dataset = dataset_of({"RescaleIntercept": "-1024", "BitsStored": 12, "HighBit": 11})
    dataset.add_new(0x00280120, "US", 63536)
    result = hounsfield(padded(63536).astype(np.uint16), HeaderValues("one.dcm", [dataset]))
    assert set(np.unique(result)) == {-1024, 76}


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("RescaleSlope", "0"), ("RescaleSlope", "-1"), ("RescaleIntercept", "1e30"), ("BitsStored", 17)],
)
def test_a_scale_that_no_scanner_has_is_refused_by_name(keyword, value):
    with pytest.raises(InputError, match=rf"{keyword} of one.dcm is .* must lie between"):
        converted(TRUE, np.int16, **{keyword: value})


def test_values_without_a_scale_are_hounsfield_units_if_the_lowest_may_be_air():
    encodings = {"one.dcm": Encoding("1", "-1024", "0"), "two.dcm": Encoding("", "", "0")}
    (warning,) = encoding_warnings(encodings, -500)
    assert warning.startswith("two.dcm has no RescaleSlope or RescaleIntercept, so the values were taken as Hounsfield")
    with pytest.raises(InputError, match="no value of the series is that of air"):
        encoding_warnings(encodings, -499)


def test_one_slice_of_another_scale_stands_for_all_of_them():
    usual, other = Encoding("1", "-1024", "0"), Encoding("1", "0", "0")
    encodings = {f"{number}.dcm": other if number in (3, 5) else usual for number in range(9)}
    (warning,) = encoding_warnings(encodings, -1000)
    assert "PixelRepresentation of 3.dcm is not that of most slices" in warning
    assert encoding_warnings(dict.fromkeys(encodings, other), -1000) == []
