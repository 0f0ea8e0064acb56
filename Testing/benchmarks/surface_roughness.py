"""How smooth surfaces are: python Testing/benchmarks/surface_roughness.py MESH.stl [MESH.stl ...].

Shares no code with what makes the surfaces. Points are spread evenly over a surface; around one in some of them, at
least 5 mm from every edge, a quadric is fitted to all points within 4 mm. Prints the root mean square of the points'
distances from it, the angle between the normals of their triangles and its own, and each one's 95th percentile; then
the number of triangles, the volume, and whether the surface is a closed manifold.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import trimesh
from scipy.spatial import cKDTree

RADIUS_MM, EDGE_MM = 4.0, 5.0
POINTS_PER_MM2, CENTERS = 4.0, 400
_SAME_SIDE, _FLAT = -0.2, 0.8  # cosines of normals: of the other side of a plate at most, and beside an edge at most


class Roughness(NamedTuple):
    """Distances from local quadrics in mm, and angles between normals and theirs in degrees."""

    residual_mm: float
    residual_p95_mm: float
    angle_deg: float
    angle_p95_deg: float
    centers: int


def roughness(vertices: np.ndarray, faces: np.ndarray, *, seed: int = 0) -> Roughness:
    """Return how far a surface, in mm, is from smooth, away from its edges."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    generator = np.random.default_rng(seed)
    points, face = trimesh.sample.sample_surface(mesh, int(mesh.area * POINTS_PER_MM2), seed=seed)
    normals, tree = mesh.face_normals[face], cKDTree(points)
    residuals, angles = [], []
    for center in generator.permutation(len(points)):
        near = np.array(tree.query_ball_point(points[center], EDGE_MM))
        beside = normals[near[np.linalg.norm(points[near] - points[center], axis=1) < 1]] @ normals[center]
        facing = normals[near] @ normals[center]
        if (beside < _SAME_SIDE).any() or ((facing > _SAME_SIDE) & (facing < _FLAT)).any():
            continue
        near = near[facing > _FLAT]
        near = near[np.linalg.norm(points[near] - points[center], axis=1) < RADIUS_MM]
        off, angle = _from_quadric(points[near], normals[near])
        residuals.append(off)
        angles.append(angle)
        if len(residuals) == CENTERS:
            break
    if not residuals:
        raise SystemExit(f"No point of the surface is {EDGE_MM:g} mm from every edge.")
    off, angle = np.concatenate(residuals), np.concatenate(angles)
    return Roughness(
        float(np.sqrt(np.mean(off**2))),
        float(np.percentile(np.abs(off), 95)),
        float(np.sqrt(np.mean(angle**2))),
        float(np.percentile(angle, 95)),
        len(residuals),
    )


def _from_quadric(points: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of points from the quadric through them, and the angles between normals and its own."""
    middle = points.mean(axis=0)
    up = normals.mean(axis=0)
    up /= np.linalg.norm(up)
    across = np.linalg.svd(up[None])[2][1:]
    x, y, z = np.vstack([across, up]) @ (points - middle).T
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    c, *_ = np.linalg.lstsq(terms, z, rcond=None)
    slope = np.stack([c[1] + 2 * c[3] * x + c[4] * y, c[2] + c[4] * x + 2 * c[5] * y], axis=1)
    steep = np.sqrt(1 + (slope**2).sum(axis=1))
    fitted = (up - slope @ across) / steep[:, None]
    cosines = np.clip((fitted * normals).sum(axis=1), -1, 1)
    return (z - terms @ c) / steep, np.degrees(np.arccos(cosines))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("meshes", nargs="+", metavar="MESH", help="STL files in mm")
    for path in parser.parse_args().meshes:
        mesh = trimesh.load(path)  # merges the corners of the triangles
        rough = roughness(mesh.vertices, mesh.faces)
        print(
            f"{Path(path).name:28} residual {rough.residual_mm:.4f} mm (95 %: {rough.residual_p95_mm:.4f})  "
            f"normals {rough.angle_deg:.2f} deg (95 %: {rough.angle_p95_deg:.2f})  {len(mesh.faces):7} triangles  "
            f"{mesh.volume / 1000:.3f} mL  closed: {mesh.is_watertight}"
        )


if __name__ == "__main__":
    main()
