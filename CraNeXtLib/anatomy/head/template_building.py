"""Building a template: a skull of average size, divided into eight regions, exactly symmetrical.

``cranext template build`` rebuilds the bundled template from the folder of BodyParts3D's bones, and any other from a
label map or a segmentation drawn in Slicer.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.linalg import expm, fractional_matrix_power, logm, polar

from CraNeXtLib.anatomy.head.regions import REGIONS
from CraNeXtLib.anatomy.head.template import check_labels
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume

_SPACING_MM = 1.0
_BONES_SPACING_MM = 0.8  # Bones are voxelized at this spacing.
_MARGIN_MM = 4.0
# The label of the region that each bone belongs to, or the labels of its bands from bottom to top; others are the face.
_BONE_REGIONS = {"temporal_l": 2, "temporal_r": 2, "sphenoid": 2, "occipital": 3}
_BANDS = {"parietal": (4, 5, 6), "frontal": (7, 8)}
_FACE = 1


def regions_of_bones(bones: Volume) -> Volume:
    """Assign the bones of BodyParts3D to the eight regions.

    Temporal, occipital, parietal and frontal regions end at the sutures. Horizontal planes divide the two parietal
    bones together into three bands of equal volume, and the frontal bone, including the roofs of the orbits, into two.
    The sphenoid, whose greater wing lies in the temple, counts as temporal; every other bone belongs to the face.

    Args:
        bones: Labels as in :data:`CraNeXtLib.anatomy.head.bodyparts3d.BONES` of an upright head.

    Returns:
        Labels 1-8 of the same geometry, uint8.
    """
    from CraNeXtLib.anatomy.head.bodyparts3d import BONES

    of_bone = np.array([0] + [_BONE_REGIONS.get(name, _FACE) for name in BONES], np.uint8)
    regions = of_bone[bones.voxels]
    for bone, bands in _BANDS.items():
        labels = [label for label, name in enumerate(BONES, start=1) if name.startswith(bone)]
        indices = np.nonzero(np.isin(bones.voxels, labels))
        heights = bones.to_ras(np.stack(indices, axis=1))[:, 2]
        levels = np.quantile(heights, np.arange(1, len(bands)) / len(bands))
        regions[indices] = np.array(bands, np.uint8)[np.searchsorted(levels, heights)]
    return bones.with_voxels(regions)


def read_regions(source: str | Path) -> Volume:
    """Read the regions that a template is made from.

    Args:
        source: The folder of BodyParts3D's bones, a label map with the labels of the regions, or a ``.seg.nrrd`` whose
            segments are named after the regions.

    Raises:
        InputError: If it cannot be read or a region is missing.
    """
    source = Path(source)
    if source.is_dir():
        from CraNeXtLib.anatomy.head.bodyparts3d import bone_labels

        return regions_of_bones(bone_labels(source, spacing_mm=_BONES_SPACING_MM))
    if source.name.endswith(".seg.nrrd"):
        masks = [read_volume(source, segment=region.name) for region in REGIONS]
        voxels = np.zeros(masks[0].shape, np.uint8)
        for region, mask in zip(REGIONS, masks, strict=True):
            voxels[mask.voxels] = region.label
        return masks[0].with_voxels(voxels)
    regions = read_volume(source)
    check_labels(regions.voxels, source.name)
    return regions


def build_template(regions: Volume, skulls: Iterable[Volume]) -> Volume:
    """Build a template that is as upright as its source, symmetrical, and of the mean size of some skulls.

    Left and right are averaged by the distances to their surfaces (Rohlfing and Maurer, Shape-based averaging, 2007).
    The size is the mean, in logarithms, of the stretches that align the source affinely with each skull.

    Args:
        regions: Labels 1-8 on an upright skull.
        skulls: Masks of complete skulls. Without any, the source keeps its size.

    Returns:
        Labels 1-8, 0 outside bone, uint8, at 1 mm; the array axes are R, A, S, and R = 0 is the mid-sagittal plane.

    Raises:
        InputError: If a volume contains no bone.
    """
    from CraNeXtLib.anatomy.head.alignment import align_surfaces
    from CraNeXtLib.anatomy.head.bone_surface import Surface, bone_surface

    surface = bone_surface(regions.with_voxels(regions.voxels > 0))
    mirror = np.array([-1.0, 1, 1])
    # The motion from the mirror image to the skull is twice the motion from the symmetry plane, so half is undone.
    onto = align_surfaces(Surface(surface.points * mirror, surface.normals * mirror), surface, kind="rigid").matrix
    upright = np.real(fractional_matrix_power(onto, -0.5))
    stretches = [polar(align_surfaces(surface, bone_surface(s), kind="affine").matrix[:3, :3])[1] for s in skulls]
    stretch = np.eye(4)
    if stretches:
        stretch[:3, :3] = expm(np.mean([logm(s) for s in stretches], axis=0))
        stretch[0, 1:3] = stretch[1:3, 0] = 0  # A shear to one side would not be symmetrical.
    return _average_sides(regions, stretch @ upright)


def _average_sides(regions: Volume, matrix: np.ndarray) -> Volume:
    """Resample labels after an affine map and average them with their mirror image about R = 0."""
    box = regions.crop(foreground_box(regions.voxels > 0, margin=1))
    points = apply_affine(matrix, box.corners)
    half_width = np.ceil(np.abs(points[:, 0]).max())
    low = np.floor([-half_width, *points[:, 1:].min(axis=0)]) - _MARGIN_MM
    high = np.ceil([half_width, *points[:, 1:].max(axis=0)]) + _MARGIN_MM
    shape = tuple(((high - low) / _SPACING_MM).astype(int) + 1)
    affine = np.diag([_SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = low
    to_box = np.linalg.inv(matrix @ box.affine) @ affine

    def distance(mask: np.ndarray) -> np.ndarray:
        signed = ndimage.distance_transform_edt(~mask, sampling=box.spacing)
        signed -= ndimage.distance_transform_edt(mask, sampling=box.spacing)
        placed = ndimage.affine_transform(signed, to_box[:3, :3], to_box[:3, 3], shape, order=1, cval=signed.max())
        return (placed + placed[::-1]) / 2

    nearest, labels = distance(box.voxels == REGIONS[0].label), np.ones(shape, np.uint8)
    for region in REGIONS[1:]:
        to_region = distance(box.voxels == region.label)
        labels[to_region < nearest] = region.label
        nearest = np.minimum(nearest, to_region)
    labels[distance(box.voxels > 0) > 0] = 0
    part = Volume(labels, affine)
    sides = foreground_box(labels > 0, margin=2)
    return part.crop((slice(None), *sides[1:]))
