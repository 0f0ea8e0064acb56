"""Numbers that describe an implant: volume, outer area, thickness, pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage

from CraNeXtLib.surfaces import Mesh
from CraNeXtLib.volumes import Volume, foreground_box

_LONGEST_RAY_MM = 30.0
_STEP_MM = 0.1
_RAYS = 4000


def measure_implant(implant: Volume, skull: Volume, mesh: Mesh) -> dict[str, Any]:
    """Measure an implant.

    Args:
        implant: Mask of the implant.
        skull: Mask of the defective skull, of the same geometry.
        mesh: Surface of the implant, in RAS mm, faces turned outward.

    Returns:
        ``implant_volume_ml``; ``defect_area_cm2``, the area of the implant's outer side; ``thickness_mm`` with min,
        p05, median, p95 and max, measured inward from points on the outer side; ``pieces``, each with its volume and
        its centre in RAS mm.
    """
    outer, areas = _outer_faces(mesh, _centre(skull))
    thickness = _thickness(implant, mesh, outer, areas)
    quantiles = np.percentile(thickness, [0, 5, 50, 95, 100])
    return {
        "implant_volume_ml": _volume_ml(implant.voxels.sum(), implant),
        "defect_area_cm2": round(float(areas[outer].sum()) / 100, 2),
        "thickness_mm": dict(zip(("min", "p05", "median", "p95", "max"), np.round(quantiles, 2).tolist(), strict=True)),
        "pieces": _pieces(implant),
    }


def _volume_ml(voxels: float, volume: Volume) -> float:
    return round(float(voxels) * volume.voxel_volume_mm3 / 1000, 3)


def _pieces(implant: Volume) -> list[dict[str, Any]]:
    part = implant.crop(foreground_box(implant.voxels))
    labels, count = ndimage.label(part.voxels, structure=np.ones((3, 3, 3)))
    centres = part.to_ras(np.array(ndimage.center_of_mass(part.voxels, labels, range(1, count + 1))))
    sizes = np.bincount(labels.ravel())[1:]
    return [
        {"volume_ml": _volume_ml(sizes[i], implant), "centre_ras_mm": np.round(centres[i], 1).tolist()}
        for i in np.argsort(-sizes)
    ]


def _centre(skull: Volume) -> np.ndarray:
    """Return the middle of the skull's bounding box, in RAS mm: inside the head, however much bone is missing."""
    box = foreground_box(skull.voxels)
    return skull.to_ras(np.array([[(side.start + side.stop - 1) / 2 for side in box]]))[0]


def _outer_faces(mesh: Mesh, centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which faces look away from the head's centre by less than 60°, and the area of every face, in mm²."""
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(normals, axis=1)
    outward = corners.mean(axis=1) - centre
    cosine = (normals * outward).sum(axis=1) / np.maximum(doubled * np.linalg.norm(outward, axis=1), 1e-12)
    return cosine > 0.5, doubled / 2


def _thickness(implant: Volume, mesh: Mesh, outer: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Return the way through the implant, in mm, inward from points spread evenly over its outer side."""
    chosen = np.flatnonzero(outer) if outer.any() else np.arange(len(mesh.faces))
    weights = areas[chosen] / areas[chosen].sum()
    chosen = np.random.default_rng(0).choice(chosen, size=_RAYS, p=weights)
    corners = mesh.vertices[mesh.faces[chosen]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    box = foreground_box(implant.voxels, margin=1)
    part = implant.crop(box)
    steps = np.arange(_STEP_MM / 2, _LONGEST_RAY_MM, _STEP_MM)
    points = corners.mean(axis=1)[:, None] - normals[:, None] * steps[:, None]
    indices = part.to_indices(points.reshape(-1, 3)).T
    filled = ndimage.map_coordinates(part.voxels.astype(np.float32), indices, order=1) >= 0.5
    filled = filled.reshape(_RAYS, len(steps))
    # The ray may start a fraction of a voxel outside the mask; what counts is its first stretch inside.
    entered = np.maximum.accumulate(filled, axis=1)
    left = np.maximum.accumulate(entered & ~filled, axis=1)
    return (entered & ~left).sum(axis=1) * _STEP_MM
