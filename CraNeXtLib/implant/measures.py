"""Measures of an implant: volume, outer area, thickness, pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.anatomy.categorization.outer_surface import outer_surface
from CraNeXtLib.geometry.box import foreground_box
from CraNeXtLib.geometry.components import labeled, largest_first, pieces_of
from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals, solid_parts
from CraNeXtLib.geometry.point_tree import point_tree
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.outward import box_center

_FACING = 0.5  # cosine: a face is on the outer or inner side if its normal is within 60° of out of or into the head
_SAMPLES = 4000  # points at which thickness is measured


def measure_implant(implant: Volume, skull: Volume, mesh: Mesh, *, center: np.ndarray | None = None) -> dict[str, Any]:
    """Measure an implant.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        mesh: Surface of the implant, in RAS mm.
        center: Middle of the head, RAS mm, shape (3,), as for the area of each defect; by default that of the skull's
            box.

    Returns:
        ``implant_volume_ml``; ``bodies``, the number of separate bodies that the mesh has; ``defect_area_cm2``, the
        area of the implant's outer side, the sum of its defects' areas; ``thickness_mm`` with min,
        p05, median, p95 and max, from points on the outer side to the nearest point on the inner side; ``pieces``,
        largest first, each with ``volume_ml`` and ``centre_ras_mm``.
    """
    center = box_center(skull) if center is None else center
    cosines, areas = _facing(mesh, box_center(skull))
    outer_mm2 = sum(outer_surface(piece, center=center)[1].sum() for piece in pieces_of(implant))
    quantiles = np.percentile(_thickness(mesh, cosines, areas), [0, 5, 50, 95, 100])
    return {
        "implant_volume_ml": _volume_ml(implant.voxels.sum(), implant),
        "bodies": len(solid_parts(mesh)),
        "defect_area_cm2": round(float(outer_mm2) / 100, 2),
        "thickness_mm": dict(zip(("min", "p05", "median", "p95", "max"), np.round(quantiles, 2).tolist(), strict=True)),
        "pieces": _pieces(implant),
    }


def _volume_ml(voxels: float, volume: Volume) -> float:
    return round(float(voxels) * volume.voxel_volume_mm3 / 1000, 3)


def _pieces(implant: Volume) -> list[dict[str, Any]]:
    part = implant.crop(foreground_box(implant.voxels))
    labels, sizes = labeled(part.voxels, corners=True)
    centers = part.to_ras(np.array(ndimage.center_of_mass(part.voxels, labels, range(1, len(sizes)))))
    return [
        {"volume_ml": _volume_ml(sizes[label], implant), "centre_ras_mm": np.round(centers[label - 1], 1).tolist()}
        for label in largest_first(sizes)
    ]


def _facing(mesh: Mesh, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosine between each face's normal and the direction out of the head, and the face's area in mm²."""
    normals = face_normals(mesh)
    doubled = np.linalg.norm(normals, axis=1)
    outward = face_centers(mesh) - center
    return (normals * outward).sum(axis=1) / np.maximum(doubled * np.linalg.norm(outward, axis=1), 1e-12), doubled / 2


def _thickness(mesh: Mesh, cosines: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Return the distances from points spread evenly over the outer side to the inner side, in mm, shape (N,).

    They are measured to the nearest point and not straight through: a ray from near the rim may run along the plate.
    """
    outer, inner = (np.flatnonzero(side) for side in (cosines > _FACING, cosines < -_FACING))
    if not len(outer) or not len(inner):
        return np.zeros(1)
    chosen = np.random.default_rng(0).choice(outer, size=_SAMPLES, p=areas[outer] / areas[outer].sum())
    centers = face_centers(mesh)
    return point_tree(centers[inner]).query(centers[chosen])[0]
