"""The skull bones of BodyParts3D as one label map: what the template and the demo skull are made from.

BodyParts3D, (c) The Database Center for Life Science, CC BY 4.0 (archive license of 2025-02-27; older copies state
CC BY-SA 2.1 Japan). Its meshes are in millimeters and LPS: the face points toward -y, the patient's left is +x.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume

BONES = (
    *("frontal", "parietal_l", "parietal_r", "occipital", "temporal_l", "temporal_r", "sphenoid", "ethmoid"),
    *("zygomatic_l", "zygomatic_r", "maxilla_l", "maxilla_r", "mandible", "nasal_l", "nasal_r", "lacrimal_l"),
    *("lacrimal_r", "palatine_l", "palatine_r", "concha_l", "concha_r", "vomer"),
)
"""File names of the meshes, without ``.stl``. The label of a bone is its position in this list, from 1."""

_SUTURE_MM = 2.0  # Gaps up to twice this width are closed.
_MARGIN_MM = 8.0


def bone_labels(folder: str | Path, *, spacing_mm: float) -> Volume:
    """Voxelize the bones and close the gaps between neighbors.

    Args:
        folder: Folder of watertight meshes, one per bone, named as in ``BONES`` with the suffix ``.stl``.
        spacing_mm: Spacing of the isotropic voxels.

    Returns:
        Labels as in ``BONES`` (uint8, 0 outside bone), array axes R, A, S, RAS origin in the middle of the skull.

    Raises:
        InputError: If a mesh is missing.
    """
    import trimesh

    meshes = []
    for name in BONES:
        path = Path(folder) / f"{name}.stl"
        if not path.is_file():
            raise InputError(f"There is no file {path}; give the folder of BodyParts3D's {len(BONES)} skull bones.")
        # load() is typed for any geometry; a file of triangles becomes a mesh.
        mesh = cast("trimesh.Trimesh", trimesh.load(path))
        meshes.append(np.asarray(mesh.triangles, dtype=np.float64) * (-1, -1, 1))
    low = np.min([corners.min(axis=(0, 1)) for corners in meshes], axis=0) - _MARGIN_MM
    high = np.max([corners.max(axis=(0, 1)) for corners in meshes], axis=0) + _MARGIN_MM
    shape = np.ceil((high - low) / spacing_mm).astype(int)
    labels = np.zeros(shape, np.uint8)
    for label, corners in enumerate(meshes, start=1):
        labels[fill_mesh((corners - low) / spacing_mm, tuple(shape)) & (labels == 0)] = label
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = -(shape - 1) / 2 * spacing_mm
    return close_sutures(Volume(labels, affine))


def fill_mesh(triangles: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return the voxels inside a watertight mesh, which are those with an odd number of faces below them.

    Args:
        triangles: Corners of the faces in voxel indices, shape (N, 3, 3).
        shape: Shape of the returned array.
    """
    # A ray exactly through an edge or a corner would count two faces or none, so the mesh is shifted a little.
    triangles = triangles + np.array([1.234e-5, 2.345e-5, 0])
    first = np.ceil(triangles[..., :2].min(axis=1)).astype(int)
    sizes = np.floor(triangles[..., :2].max(axis=1)).astype(int) - first + 1
    counts = np.maximum(sizes, 0).prod(axis=1)
    face = np.repeat(np.arange(len(triangles)), counts)
    within = np.arange(len(face)) - np.repeat(np.cumsum(counts) - counts, counts)
    columns = first[face] + np.stack([within // sizes[face, 1], within % sizes[face, 1]], axis=1)

    a, b, c = (triangles[face, corner] for corner in range(3))
    area = _cross(b - a, c - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        v, w = _cross(columns - a[:, :2], c - a) / area, _cross(b - a, columns - a[:, :2]) / area
        height = a[:, 2] + v * (b - a)[:, 2] + w * (c - a)[:, 2]
        hit = (v >= 0) & (w >= 0) & (v + w <= 1)
    crossings = np.zeros((*shape[:2], shape[2] + 1), np.uint8)
    above = np.clip(np.ceil(height[hit]), 0, shape[2]).astype(int)
    np.add.at(crossings, (columns[hit, 0], columns[hit, 1], above), 1)
    return np.cumsum(crossings, axis=2, dtype=np.uint8)[..., :-1] % 2 == 1


def close_sutures(labels: Volume, *, gap_mm: float = 2 * _SUTURE_MM) -> Volume:
    """Fill gaps up to a width between labeled parts; a filled voxel takes the label nearest to it."""
    bone = labels.voxels > 0
    distance, nearest = ndimage.distance_transform_edt(~bone, sampling=labels.spacing, return_indices=True)
    grown = distance <= gap_mm / 2
    closed = ndimage.distance_transform_edt(grown, sampling=labels.spacing) > gap_mm / 2
    return labels.with_voxels(np.where(closed | bone, labels.voxels[tuple(nearest)], 0).astype(labels.voxels.dtype))


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
