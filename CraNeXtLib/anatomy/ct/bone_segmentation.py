"""Bone segmentation of a CT by threshold, with every hole left open.

Nothing is closed, filled or smoothed: a voxel becomes bone by its own value alone, or because it is on the crest of a
thin plate. So a defect stays a defect, of the size that it has in the scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.ct.bone_threshold import BONE_THRESHOLD_HU, check_bone_threshold
from CraNeXtLib.anatomy.ct.quality import TISSUE_HU, noise_hu
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.box import Box, foreground_box
from CraNeXtLib.geometry.components import labeled, largest_first
from CraNeXtLib.geometry.volume import Volume

# A plate thinner than the scanner's blur appears less dense than it is. It counts as bone down to the fraction _THIN of
# the threshold if it stands out from both of its sides by the fraction _CREST of the threshold, and from the noise in
# soft tissue by _NOISES standard deviations.
_THIN, _CREST, _NOISES = 0.6, 0.4, 4.0
_CREST_REACH_MM = 2.0  # The two sides of a plate are looked up at this distance.
_CREST_DIRECTIONS = 4  # This many of 13 directions must show a crest; a plate has up to 9, the edge of thick bone 3.
# Bone is surrounded by soft tissue, while table, headrest, straps and electrodes have air on at least one side. 4 mm is
# less than the scalp. On the development CT, 6 % of the surroundings of bone are air, and 85 % of the headrest's.
_AROUND_MM, _AIR_HU, _MOST_AIR = 4.0, -300, 0.4
_LEAST_PART_MM3 = 1000.0  # Smaller parts are dropped.
_PROBES = 2000  # This many voxels of a part are probed for air.


@dataclass(frozen=True, eq=False)
class BoneSegmentation:
    """The bone of a CT.

    Attributes:
        mask: Mask of type bool.
        parts_ml: Volume of each connected part in mL, largest first: skull, mandible, a loose bone flap.
        removed_ml: Volume in mL of each part of 1 mL or more that was removed because it is surrounded by air.
        thin_ml: Volume in mL of the thin plates below the threshold that were kept.
    """

    mask: Volume
    parts_ml: tuple[float, ...]
    removed_ml: tuple[float, ...]
    thin_ml: float


def segment_bone(ct: Volume, *, threshold_hu: float = BONE_THRESHOLD_HU) -> BoneSegmentation:
    """Segment bone: voxels at or above a threshold, or of a thin plate, in parts of at least 1 mL within soft tissue.

    Args:
        ct: CT in Hounsfield units, shape (I, J, K).
        threshold_hu: Lowest value that counts as bone, 100 to 1000 HU.

    Raises:
        InputError: If the threshold is out of range, or no bone is found.
    """
    check_bone_threshold(threshold_hu)
    dense = ct.voxels >= threshold_hu
    if not dense.any():
        raise InputError(f"No voxel reaches {threshold_hu:g} HU; check that the CT is in Hounsfield units.")
    least = max(_THIN * threshold_hu, TISSUE_HU + _NOISES * noise_hu(ct))
    box = foreground_box(ct.voxels >= min(least, threshold_hu))
    part = ct.crop(box)
    axes = np.argsort(part.voxels.strides)[::-1]  # the order of memory, which is several times faster
    values, spacing = np.ascontiguousarray(part.voxels.transpose(axes)), part.spacing[axes]
    dense = np.ascontiguousarray(dense[box].transpose(axes))
    thin = _crests(values, spacing, (least, threshold_hu), _CREST * threshold_hu)
    bone, kept, removed = _parts(values, dense | thin, spacing)
    mask = ct.zeros(bool)
    mask[box] = bone.transpose(np.argsort(axes))
    voxel_ml = float(np.prod(spacing)) / 1000
    return BoneSegmentation(
        mask=ct.with_voxels(mask),
        parts_ml=tuple(round(n * voxel_ml, 2) for n in kept),
        removed_ml=tuple(round(n * voxel_ml, 2) for n in removed),
        thin_ml=round(np.count_nonzero(thin & bone) * voxel_ml, 2),
    )


def _crests(values: np.ndarray, spacing: np.ndarray, between: tuple[float, float], drop: float) -> np.ndarray:
    """Return the voxels between two values that are denser by a drop than both voxels 2 mm away on opposite sides.

    The border of thick bone has denser bone on one side, so thick bone does not grow.
    """
    reach = np.maximum(np.rint(_CREST_REACH_MM / spacing), 1).astype(int)
    steps = [reach * step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]  # half of the 26 neighbors
    inner = tuple(slice(m, m + n) for m, n in zip(reach, values.shape, strict=True))
    padded = np.pad(values, [(m, m) for m in reach], mode="edge")
    crests = np.zeros(padded.shape, bool)
    crests[inner] = (values >= between[0]) & (values < between[1])
    flat, offsets = padded.ravel(), np.flatnonzero(crests)
    lower = flat[offsets] - drop
    found = np.zeros(len(offsets), np.uint8)
    for step in steps:
        away = int(step @ padded.strides) // padded.itemsize
        found += (flat[offsets + away] <= lower) & (flat[offsets - away] <= lower)
    crests.reshape(-1)[offsets] = found >= _CREST_DIRECTIONS
    return crests[inner]


def _parts(values: np.ndarray, bone: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, list[int], list[int]]:
    """Return the mask of the parts that are bone, and the sizes in voxels of the parts kept and of those removed."""
    labels, sizes = labeled(bone, corners=True)
    large = [label for label in largest_first(sizes) if sizes[label] * np.prod(spacing) >= _LEAST_PART_MM3]
    large = large or [int(sizes.argmax())]
    boxes = ndimage.find_objects(labels)
    in_tissue = [_air_around(values, labels, label, boxes[label - 1], spacing) <= _MOST_AIR for label in large]
    if not any(in_tissue):  # A dry skull is scanned in air.
        in_tissue[0] = True
    keep = np.zeros(len(sizes), bool)
    keep[[label for label, kept in zip(large, in_tissue, strict=True) if kept]] = True
    return keep[labels], [int(sizes[n]) for n in large if keep[n]], [int(sizes[n]) for n in large if not keep[n]]


def _air_around(values: np.ndarray, labels: np.ndarray, label: int, box: Box, spacing: np.ndarray) -> float:
    """Return the fraction of air among points 4 mm from a part's voxels, outside the part."""
    part = labels[box] == label
    voxels = np.flatnonzero(part)
    if len(voxels) > _PROBES:
        voxels = np.random.default_rng(0).choice(voxels, _PROBES)
    indices = np.stack(np.unravel_index(voxels, part.shape), axis=1) + [side.start for side in box]
    directions = np.array([d for d in product((-1, 0, 1), repeat=3) if any(d)])
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    points = (indices[:, None] + np.rint(directions * _AROUND_MM / spacing).astype(int)).reshape(-1, 3)
    probes = tuple(points[((points >= 0) & (points < values.shape)).all(axis=1)].T)
    outside = labels[probes] != label
    return float((values[probes][outside] < _AIR_HU).mean()) if outside.any() else 1.0
