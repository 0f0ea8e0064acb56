"""Measures of an implant: volume, outer area, thickness, pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from CraNeXtLib.anatomy.categorization.outer_surface import outer_surface
from CraNeXtLib.geometry.components import pieces_of
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
    middle = box_center(skull)
    pieces = pieces_of(implant)
    outer_mm2 = sum(outer_surface(piece, center=middle if center is None else center)[1].sum() for piece in pieces)
    quantiles = np.percentile(_thickness(mesh, middle), [0, 5, 50, 95, 100])
    points = [np.argwhere(piece.voxels) for piece in pieces]
    return {
        "implant_volume_ml": _volume_ml(sum(map(len, points)), implant),
        "bodies": len(solid_parts(mesh)),
        "defect_area_cm2": round(float(outer_mm2) / 100, 2),
        "thickness_mm": dict(zip(("min", "p05", "median", "p95", "max"), np.round(quantiles, 2).tolist(), strict=True)),
        "pieces": [
            {
                "volume_ml": _volume_ml(len(indices), implant),
                "centre_ras_mm": np.round(piece.to_ras(indices.mean(axis=0, keepdims=True))[0], 1).tolist(),
            }
            for piece, indices in zip(pieces, points, strict=True)
        ],
    }


def _volume_ml(voxels: int, implant: Volume) -> float:
    return round(voxels * implant.voxel_volume_mm3 / 1000, 3)


def _thickness(mesh: Mesh, center: np.ndarray) -> np.ndarray:
    """Return the distances from points spread evenly over the outer side to the inner side, in mm, shape (N,).

    They are measured to the nearest point and not straight through: a ray from near the rim may run along the plate.
    """
    normals, centers = face_normals(mesh), face_centers(mesh)
    doubled_areas, outward = np.linalg.norm(normals, axis=1), centers - center
    lengths = doubled_areas * np.linalg.norm(outward, axis=1)
    cosines = np.einsum("ij,ij->i", normals, outward) / np.maximum(lengths, 1e-12)
    outer, inner = (np.flatnonzero(side) for side in (cosines > _FACING, cosines < -_FACING))
    if not len(outer) or not len(inner):
        return np.zeros(1)
    shares = doubled_areas[outer] / doubled_areas[outer].sum()
    chosen = np.random.default_rng(0).choice(outer, size=_SAMPLES, p=shares)
    return point_tree(centers[inner]).query(centers[chosen])[0]
