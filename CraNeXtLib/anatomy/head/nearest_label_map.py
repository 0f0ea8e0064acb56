"""A template's regions at every point around it, so that missing bone has a region, too."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from CraNeXtLib.anatomy.head.regions import UNDEFINED
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.box import box_from
from CraNeXtLib.geometry.lattice import on_box
from CraNeXtLib.geometry.volume import Volume

REACH_MM = 20.0
"""Bone further than this from every region is undefined."""
_CHUNK = 2_000_000  # voxels that are labeled at once, which bounds the memory


class NearestLabelMap:
    """The label of the nearest region, for every point around a template.

    Args:
        template: Labels 1-8.
        reach_mm: Points further than this from every region are undefined.
    """

    def __init__(self, template: Volume, reach_mm: float = REACH_MM) -> None:
        margin = np.ceil(reach_mm / template.spacing).astype(int)
        around = on_box(template, box_from(-margin, template.shape + margin))
        labels = around.voxels
        nearest = ndimage.distance_transform_edt(
            labels == 0, sampling=template.spacing, return_distances=False, return_indices=True
        )
        squares = np.zeros(labels.shape, np.float32)  # SciPy's own distances take twice the time of all this.
        own_indices = np.ogrid[tuple(map(slice, labels.shape))]
        for indices, own, side in zip(nearest, own_indices, template.spacing, strict=True):
            squares += np.square((indices - own.astype(np.int32)) * np.float32(side))
        near = (squares <= reach_mm**2) & labels.any()  # without a label, the transform finds nothing
        nearest_labels = np.where(near, labels[tuple(nearest)], np.uint8(UNDEFINED.label))
        self.volume = around.with_voxels(nearest_labels)

    def of_mask(self, mask: Volume, to_template: np.ndarray) -> np.ndarray:
        """Return the labels of a mask's voxels, uint8 of its shape, 0 outside the mask.

        Args:
            mask: Mask of type bool.
            to_template: 4×4 matrix from the mask's RAS points to the template's.
        """
        order = mask.order
        flat = mask.voxels.ravel(order)
        labels = np.zeros(flat.shape, np.uint8)
        to_indices = (np.linalg.inv(self.volume.affine) @ to_template @ mask.affine).astype(np.float32)
        for start in range(0, flat.size, _CHUNK):
            offsets = start + np.flatnonzero(flat[start : start + _CHUNK])
            indices = np.stack(np.unravel_index(offsets, mask.shape, order=order), axis=1).astype(np.float32)
            labels[offsets] = self._at_indices(apply_affine(to_indices, indices))
        return labels.reshape(mask.shape, order=order)

    def _at_indices(self, indices: np.ndarray) -> np.ndarray:
        rounded = np.rint(indices).astype(np.int32)
        inside = ((rounded >= 0) & (rounded < self.volume.shape)).all(axis=1)
        labels = np.full(len(rounded), UNDEFINED.label, np.uint8)
        labels[inside] = self.volume.voxels[tuple(rounded[inside].T)]
        return labels


@lru_cache(maxsize=1)
def nearest_label_map(template: Volume) -> NearestLabelMap:
    """Return the nearest-label map of a template, which is kept for the next skull."""
    return NearestLabelMap(template)


def labels_near(template: Volume, points: np.ndarray) -> np.ndarray:
    """Return the labels at RAS points of a template, as :class:`NearestLabelMap`, which takes longer for few points.

    They differ only where two regions are equally near.

    Args:
        template: Labels 1-8.
        points: Shape (N, 3).

    Returns:
        uint8 of shape (N,).
    """
    indices = np.rint(template.to_indices(points)).astype(np.int32)
    inside = ((indices >= 0) & (indices < template.shape)).all(axis=1)
    labels = np.zeros(len(indices), np.uint8)
    labels[inside] = template.voxels[tuple(indices[inside].T)]
    between = labels == 0
    tree, tree_labels = _surface_of(template)
    below = np.nextafter(REACH_MM, np.inf)  # the bound itself is out of reach
    _, nearest = tree.query(indices[between] * template.spacing, distance_upper_bound=below)
    labels[between] = tree_labels[nearest]
    return labels


@lru_cache(maxsize=1)
def _surface_of(template: Volume) -> tuple[KDTree, np.ndarray]:
    """Return a template's outermost voxels in mm along its axes, and their labels followed by the one of no voxel."""
    bone = template.voxels > 0
    surface = np.argwhere(bone & ~ndimage.binary_erosion(bone))
    # Sorting the points well takes longer than it saves.
    tree = KDTree(surface * template.spacing, balanced_tree=False, compact_nodes=False)
    return tree, np.append(template.voxels[tuple(surface.T)], np.uint8(UNDEFINED.label))
