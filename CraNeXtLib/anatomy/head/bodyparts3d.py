"""The skull bones of BodyParts3D as one label map: what the template and the demo skull are made from.

BodyParts3D, (c) The Database Center for Life Science, CC BY 4.0 (archive license of 2025-02-27; older copies state
CC BY-SA 2.1 Japan). Its meshes are in millimeters and LPS: the face points toward -y, the patient's left is +x.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import ndimage

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.mesh_formats.mesh_frame import TO_RAS
from CraNeXtLib.geometry.mesh_formats.mesh_reading import read_mesh
from CraNeXtLib.geometry.mesh_voxels import voxels_inside
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
    meshes = []
    for name in BONES:
        path = Path(folder) / f"{name}.stl"
        if not path.is_file():
            raise InputError(f"There is no file {path}; give the folder of BodyParts3D's {len(BONES)} skull bones.")
        mesh = read_mesh(path).mesh
        meshes.append(Mesh(mesh.vertices * TO_RAS["LPS"], mesh.faces))
    low = np.min([mesh.vertices.min(axis=0) for mesh in meshes], axis=0) - _MARGIN_MM
    high = np.max([mesh.vertices.max(axis=0) for mesh in meshes], axis=0) + _MARGIN_MM
    shape = np.ceil((high - low) / spacing_mm).astype(int)
    labels = np.zeros(shape, np.uint8)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = low
    for label, mesh in enumerate(meshes, start=1):
        labels[voxels_inside(mesh, affine, labels.shape).voxels & (labels == 0)] = label
    affine[:3, 3] = -(shape - 1) / 2 * spacing_mm
    return close_sutures(Volume(labels, affine))


def close_sutures(labels: Volume, *, gap_mm: float = 2 * _SUTURE_MM) -> Volume:
    """Fill gaps up to a width between labeled parts; a filled voxel takes the label nearest to it."""
    bone = labels.voxels > 0
    distance, nearest = ndimage.distance_transform_edt(~bone, sampling=labels.spacing, return_indices=True)
    grown = distance <= gap_mm / 2
    closed = ndimage.distance_transform_edt(grown, sampling=labels.spacing) > gap_mm / 2
    return labels.with_voxels(np.where(closed | bone, labels.voxels[tuple(nearest)], 0).astype(labels.voxels.dtype))
