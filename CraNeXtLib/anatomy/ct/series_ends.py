"""Whether a series lacks slices at its ends, which no gap between slices shows.

None of the signs is certain, so each is a warning that names the files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from CraNeXtLib.anatomy.ct.dicom_header import HeaderValues
from CraNeXtLib.anatomy.ct.dicom_series import LEAST_SLICES, Series
from CraNeXtLib.anatomy.ct.slice_stack import SliceStack
from CraNeXtLib.core.errors import InputError

COUNTERS = (
    *("InStackPositionNumber", "InstanceNumber"),
    *("ImagesInAcquisition", "NumberOfSeriesRelatedInstances", "InConcatenationTotalNumber"),
)
"""Attributes that number or count the slices or files of a series, in an enhanced CT the frames or its parts."""
_TO_RAS = np.array([-1.0, -1.0, 1.0])
_SAME_DIRECTION, _SAME_SPACING = 1e-3, 1e-3
_NEAR_STEP = 0.5  # An image continues the series if it is nearer than this to its place, in distances of slices.


def end_warnings(series: Series, stack: SliceStack, counters: Sequence[Mapping[str, str]]) -> list[str]:
    """Return what suggests that slices are missing at the ends of a series, as sentences for the user.

    Args:
        series: The series, with what was found beside it.
        stack: Its slices.
        counters: What the header of each image that was read says of ``COUNTERS``.
    """
    continuing = [image.file for image in series.others if _continues(image, stack)]
    continuing = [name for name in continuing if name not in series.left_out]
    warnings = []
    if series.left_out:
        warnings.append(
            "Files that are damaged, or no DICOM although named like the series' files, or have the series' number but "
            f"another UID, were left out ({_listed(series.left_out)}); if they belong to the series, export it again."
        )
    if continuing:
        warnings.append(
            f"Images that continue the slices, but not the series by their headers, were left out "
            f"({_listed(continuing)}); if they belong to the series, export it again."
        )
    return warnings + _number_warnings(series, counters)


def _continues(image: HeaderValues, stack: SliceStack) -> bool:
    """Return whether an image of another kind or series lies where the next slice would, beyond an end of the stack."""
    try:
        size = (image.whole("Columns", 1, 1 << 16), image.whole("Rows", 1, 1 << 16))
        across, along = image.numbers("PixelSpacing", 2)  # DICOM lists the distance between rows first.
        position = np.array(image.numbers("ImagePositionPatient", 3)) * _TO_RAS
        directions = np.array(image.numbers("ImageOrientationPatient", 6)).reshape(2, 3) * _TO_RAS
    except InputError:
        return False
    if (
        size != stack.values[0].shape
        or not np.allclose((along, across), stack.spacing, rtol=_SAME_SPACING)
        or not np.allclose(directions, stack.directions, atol=_SAME_DIRECTION)
    ):
        return False
    ends = ((stack.positions[0], stack.positions[1]), (stack.positions[-1], stack.positions[-2]))
    return any(
        np.linalg.norm(position - (2 * last - before)) < _NEAR_STEP * np.linalg.norm(last - before)
        for last, before in ends
    )


def _number_warnings(series: Series, counters: Sequence[Mapping[str, str]]) -> list[str]:
    """Return what the numbers and counts in the headers say about missing images."""
    beside = [image for image in series.others if image.text("SeriesInstanceUID") == series.uid]
    numbers = {_number(image["InStackPositionNumber"] or image["InstanceNumber"]) for image in counters}
    numbers |= {_number(image.text("InstanceNumber")) for image in beside}
    first = min(numbers)
    # Only numbers without a gap count images; those of some enhanced CTs count files, some scanners' count in steps.
    counting = len(numbers) >= LEAST_SLICES and max(numbers) - first == len(numbers) - 1
    if counting and 1 < first <= LEAST_SLICES:
        numbered = f"The images' numbers begin with {first} instead of 1"
        return [f"{numbered}, so slices may be missing at one end; export the whole series if they are."]
    here = len(series.files) + len(beside)
    totals = ("NumberOfSeriesRelatedInstances", "InConcatenationTotalNumber")
    of_series = {_number(image[total]) for image in counters for total in totals}
    # An acquisition may have several series, so only few missing images are surely of this one.
    of_scan = {_number(image["ImagesInAcquisition"]) for image in counters}
    of_scan = {count for count in of_scan if len(of_scan) == 1 and count < here + LEAST_SLICES}
    expected = max(*of_series, *of_scan, 0)
    if expected <= here:
        return []
    counted = f"The series has {expected} images according to its headers, of which {here} are here"
    return [f"{counted}, so slices may be missing at one end; export the whole series if they are."]


def _number(text: str) -> int:
    """Return a number from a header; 0 if it is none, since no slice depends on it."""
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{', …' if len(names) > 3 else ''}"
