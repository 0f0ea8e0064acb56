"""Choosing segments or labels of a volume; Slicer describes its segments in the header of a NRRD."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_formats.stored_volume import StoredSegment, StoredVolume

_NUMBER = re.compile(r"-?[0-9]{1,9}")


def choose_segments(stored: StoredVolume, segment: str | None, *, name: str, option: str) -> np.ndarray:
    """Return the voxels of a plain volume, or the mask of segments or labels.

    Args:
        stored: The volume.
        segment: Name, ID or label value, or several with commas between them for their union; None for the only one.
        name: Name of the file, for messages.
        option: The command's option for ``segment``, for messages.

    Raises:
        InputError: If a segment does not exist or is empty, several exist and none is chosen, or the header describes
            them wrongly.
    """
    segments = stored.segments or _slicer_segments(stored, name)
    if not segments:
        assert stored.voxels is not None  # whatever has no segments has voxels
        voxels = stored.voxels
        return (
            voxels
            if segment is None
            else _union(segment, lambda wanted: _label(voxels, wanted, name, option), name, option)
        )
    names = ", ".join(f"'{described.name}'" for described in segments)
    if segment is None and len(segments) > 1:
        raise InputError(
            f"{name} contains several segments; choose one with {option}: {names}, or several with commas."
        )
    if segment is None:
        return segments[0].mask()

    def find(wanted: str) -> np.ndarray | None:
        found = _found(segments, wanted)
        if len(found) > 1 and any(wanted == described.id for described in found):
            raise InputError(
                f"'{wanted}' is the ID or number of one segment of {name} and the name of another; rename that, and "
                "save the segmentation again."
            )
        if len(found) > 1:
            ids = ", ".join(f"'{described.id}'" for described in found)
            raise InputError(f"{name} has several segments called '{wanted}'; choose by ID with {option}: {ids}.")
        if not found:
            return None
        mask = found[0].mask()
        if not mask.any():
            raise InputError(f"The segment '{wanted}' of {name} is empty; choose another with {option}.")
        return mask

    return _union(segment, find, name, option, choices=names)


def _found(segments: Sequence[StoredSegment], wanted: str) -> list[StoredSegment]:
    """Return the segments with this ID or name, else those with it in other letters, else those with this label."""
    exact = [described for described in segments if wanted in (described.id, described.name)]
    alike = [s for s in segments if wanted.casefold() in (s.name.casefold(), s.id.casefold())]
    return exact or alike or [described for described in segments if wanted == str(described.label)]


def _union(
    text: str, find: Callable[[str], np.ndarray | None], name: str, option: str, *, choices: str = ""
) -> np.ndarray:
    """Return the union of what is listed with commas; the longest name wins, as names may contain commas themselves."""
    words = text.split(",")
    result: np.ndarray | None = None
    while words:
        for count in range(len(words), 0, -1):
            mask = find(",".join(words[:count]).strip())
            if mask is not None:
                break
        else:
            wanted = words[0].strip()[:60]
            known = f": {choices}" if choices else ""
            raise InputError(f"{name} has no segment '{wanted}'; choose one with {option}{known}.")
        result = mask if result is None else result | mask
        words = words[count:]
    assert result is not None  # splitting gives one word at least
    return result


def _label(voxels: np.ndarray, wanted: str, name: str, option: str) -> np.ndarray | None:
    """Return the voxels of a label, or None if it is no label at all."""
    if "," in wanted:
        return None
    if not _NUMBER.fullmatch(wanted):
        raise InputError(f"{name} has no named segments; choose a label by its number with {option}.")
    mask = voxels == int(wanted)
    if not mask.any():
        raise InputError(f"No voxel of {name} has the label {wanted}; choose another with {option}.")
    return mask


def _slicer_segments(stored: StoredVolume, name: str) -> list[StoredSegment]:
    """Return the segments that Slicer describes in a NRRD, in order: the voxels of one layer that have one value.

    Where layer and value are not named, as in files of older versions, Slicer takes the layer of the segment's number
    and the value 1.
    """
    if stored.voxels is None:
        return []
    layers = stored.voxels if stored.voxels.ndim == 4 else stored.voxels[None]
    places: list[tuple[int, int]] = []
    segments: list[StoredSegment] = []
    while (prefix := f"Segment{len(segments)}_") + "ID" in stored.header:
        identifier = str(stored.header[prefix + "ID"])
        own = len(segments) if len(layers) > 1 else 0
        layer, label = (
            str(stored.header.get(prefix + key, default)) for key, default in (("Layer", own), ("LabelValue", 1))
        )
        if not (_NUMBER.fullmatch(layer) and _NUMBER.fullmatch(label) and 0 <= int(layer) < len(layers)):
            raise _malformed(name, identifier)
        place = (int(layer), int(label))
        if place in places:
            raise _malformed(name, identifier)
        places.append(place)
        mask = partial(np.equal, layers[place[0]], place[1])
        segments.append(StoredSegment(identifier, str(stored.header.get(prefix + "Name", identifier)), place[1], mask))
    return segments


def _malformed(name: str, segment: str) -> InputError:
    return InputError(
        f"The header of {name} describes the segment '{segment[:60]}' by a layer or label that is not there or that is "
        "another segment's; save the segmentation again."
    )
