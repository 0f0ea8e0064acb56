"""The Hounsfield units of a DICOM image: decoded, without what is no part of the image, and rescaled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from pydicom import Dataset
from pydicom.pixels import get_decoder
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from scipy import ndimage

from CraNeXtLib.anatomy.ct.dicom_header import HeaderValues
from CraNeXtLib.anatomy.ct.slice_stack import AIR_HU
from CraNeXtLib.core.errors import InputError

_MOST_ROWS, _MOST_FRAMES = 4096, 10_000
_MOST_AIR_HU = -500.0  # Air is -1000 HU, and every scan of a head shows some.
_MOST_SLOPE, _MOST_INTERCEPT_HU = 100.0, 100_000.0
_OTHER_UNITS = ("OD", "MGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT")  # DICOM PS3.3 C.11.1.1.2, as of dual energy


def stored_values(dataset: Dataset, name: str) -> np.ndarray:
    """Decode the image of a file.

    Args:
        dataset: The file's content; it gets the transfer syntax that its bytes show if it names none.
        name: Name of the file, for messages.

    Returns:
        Stored values, integers of shape (frames, rows, columns).

    Raises:
        InputError: If there is no image, or it cannot be decoded, is impossibly large or not of gray values.
    """
    implicit = dataset.original_encoding[0]
    shown = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    dataset.file_meta.TransferSyntaxUID = UID(
        HeaderValues(name, [dataset.file_meta]).text("TransferSyntaxUID") or str(shown)
    )
    _check_decoder(dataset, name)
    header = HeaderValues(name, [dataset])
    rows, columns = (header.whole(keyword, 1, _MOST_ROWS) for keyword in ("Rows", "Columns"))
    frames = header.whole("NumberOfFrames", 1, _MOST_FRAMES, default=1)
    header.whole("SamplesPerPixel", 1, 1, default=1)
    try:
        _check_length(dataset, rows * columns * frames, header)
        dataset.pixel_array_options(correct_unused_bits=False)  # _significant does it, for other highest bits, too
        stored = dataset.pixel_array
    except (InputError, MemoryError):
        raise
    except Exception as error:  # pydicom and the decoders raise exceptions of many types
        raise InputError(f"The image in {name} cannot be decoded; export the series again.") from error
    if stored.size != rows * columns * frames or stored.dtype.kind not in "iu":
        raise InputError(f"The image in {name} is not one of gray values; export the series again.")
    return stored.reshape(frames, rows, columns)


def hounsfield(stored: np.ndarray, header: HeaderValues, *, overlays: int = 0) -> np.ndarray:
    """Rescale the stored values of a slice.

    What is outside the scanner's round field of view becomes air: values below that of air, and padding.

    Args:
        stored: Stored values, integers of shape (rows, columns).
        header: What DICOM says of them.
        overlays: The bits of each value that hold drawings, from :func:`overlay_bits`.

    Returns:
        Hounsfield units, shape (rows, columns), of type int16 if all are whole.

    Raises:
        InputError: If the header's values are not possible, or it names another unit.
    """
    unit = header.text("RescaleType").upper()
    if unit in _OTHER_UNITS:
        raise InputError(
            f"RescaleType of {header.file} is {unit}, so its values are not Hounsfield units; choose another series."
        )
    slope = header.number("RescaleSlope", 1e-6, _MOST_SLOPE, default=1)
    intercept = header.number("RescaleIntercept", -_MOST_INTERCEPT_HU, _MOST_INTERCEPT_HU, default=0)
    values, contradicting = _significant(stored, header, overlays)
    padding = _padding(stored, header) | _padding(values, header)
    if (contradicting & ~padding).any():
        raise InputError(f"BitsStored of {header.file} contradicts its image; export the series again.")
    scaled = np.maximum(values * np.float32(slope) + np.float32(intercept), AIR_HU)
    if (scaled[padding] > AIR_HU).any():
        scaled[_reaching_the_border(padding) | (padding & contradicting)] = AIR_HU
    whole = slope.is_integer() and intercept.is_integer() and scaled.max() <= np.iinfo(np.int16).max
    return scaled.astype(np.int16 if whole else np.float32)


class Encoding(NamedTuple):
    """How a header says that stored values become Hounsfield units; texts, empty where it does not say.

    Attributes:
        slope: ``RescaleSlope``.
        intercept: ``RescaleIntercept``.
        signed: ``PixelRepresentation``.
    """

    slope: str
    intercept: str
    signed: str

    @classmethod
    def of(cls, header: HeaderValues) -> Encoding:
        """Return the encoding in a header."""
        return cls(*map(header.text, ("RescaleSlope", "RescaleIntercept", "PixelRepresentation")))

    @property
    def rescales(self) -> bool:
        """Whether the header says how to rescale."""
        return bool(self.slope and self.intercept)


def encoding_warnings(encodings: Mapping[str, Encoding], lowest: float) -> list[str]:
    """Return a warning if the headers of a series do not agree on how to read and rescale its values, or do not say.

    Args:
        encodings: The encoding in the header of each file.
        lowest: Lowest value of the series.

    Raises:
        InputError: If a header does not say, and the values cannot be Hounsfield units, since none is that of air.
    """
    without = next((name for name, encoding in encodings.items() if not encoding.rescales), "")
    missing = f"{without} has no RescaleSlope or RescaleIntercept"
    if without and lowest > _MOST_AIR_HU:
        raise InputError(
            f"{missing}, and no value of the series is that of air, so they are not Hounsfield units; export the "
            "series again."
        )
    if without:
        return [f"{missing}, so the values were taken as Hounsfield units; check the bone."]
    usual = Counter(encodings.values()).most_common(1)[0][0]
    other = next((name for name, encoding in encodings.items() if encoding != usual), "")
    names = "RescaleSlope, RescaleIntercept or PixelRepresentation"
    return [f"{names} of {other} is not that of most slices; check it."] if other else []


def overlay_bits(dataset: Dataset) -> int:
    """Return the bits of each stored value that hold drawings (overlays), as DICOM allowed until 2004."""
    positions = (dataset.get((group, 0x0102)) for group in range(0x6000, 0x6020, 2))  # OverlayBitPosition
    return sum(1 << p.value for p in positions if p is not None and isinstance(p.value, int) and 0 < p.value < 32)


def _significant(stored: np.ndarray, header: HeaderValues, overlays: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the values in the bits that DICOM says hold them, and where the other bits hold more than the sign."""
    allocated = 8 * stored.dtype.itemsize
    bits = header.whole("BitsStored", 1, allocated, default=allocated)
    high = header.whole("HighBit", bits - 1, allocated - 1, default=bits - 1)
    if bits == allocated:
        return stored, np.zeros(stored.shape, bool)
    values = (stored << (allocated - 1 - high)) >> (allocated - bits)
    unused = ((1 << allocated) - 1) & ~(((1 << bits) - 1) << (high + 1 - bits)) & ~overlays
    rest = stored.astype(np.int64) & unused
    return values, (rest != 0) & ((rest != unused) | (values >= 0))


def _padding(values: np.ndarray, header: HeaderValues) -> np.ndarray:
    """Return where values are those that DICOM reserves for pixels outside the field of view."""
    if not header.text("PixelPaddingValue"):
        return np.zeros(values.shape, bool)
    # Signed values are often declared as unsigned ones and the reverse, so only their bits count.
    bits = 8 * values.dtype.itemsize
    given = [header.whole("PixelPaddingValue", -(1 << 31), 1 << 32)]
    if header.text("PixelPaddingRangeLimit"):
        given.append(header.whole("PixelPaddingRangeLimit", -(1 << 31), 1 << 32))
    low, *_, high = sorted(int(np.array(n % (1 << bits)).astype(values.dtype)) for n in (*given, given[-1]))
    return (values >= low) & (values <= high)


def _reaching_the_border(padding: np.ndarray) -> np.ndarray:
    """Return the part of the padding that reaches the image's border; within the head the same value is metal."""
    labels, _ = ndimage.label(padding)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return np.isin(labels, border[border > 0])


def _check_decoder(dataset: Dataset, name: str) -> None:
    """Raise InputError if no installed decoder can read a file's image."""
    if "PixelData" not in dataset:
        raise InputError(f"{name} contains no image; export the series again.")
    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        available = not syntax.is_compressed or get_decoder(syntax).is_available
    except (NotImplementedError, ValueError):  # pydicom does not know the syntax
        available = False
    if not available:
        raise InputError(
            f"{name} is compressed as {syntax.name}, for which no decoder is installed; run pip install python-gdcm, "
            "or export the series uncompressed."
        )


def _check_length(dataset: Dataset, pixels: int, header: HeaderValues) -> None:
    """Raise InputError if an uncompressed image is of another size than the header says; it would be read askew."""
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        return
    wanted = pixels * header.whole("BitsAllocated", 8, 32) // 8
    element = dataset["PixelData"]
    content = element.value or b""
    # Some programs append zeros, as to an even number of bytes.
    if element.is_undefined_length or len(content) < wanted or any(content[wanted:]):
        raise InputError(
            f"The image in {header.file} cannot be decoded: it is not of the size that its header says; export the "
            "series again."
        )
