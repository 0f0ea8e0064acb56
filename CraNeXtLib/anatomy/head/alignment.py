"""Bring one skull onto another: rigid, similarity or affine, robust to holes, a missing face and a cropped base.

The paper aligns affinely with ANTs (section V.A). Here the bone surfaces are matched instead: iterative closest
points (Besl and McKay 1992) with the point-to-plane distance (Chen and Medioni 1992). Normals are part of the match, so
that the inner table never sticks to the outer one, and robust weights keep bone that only one skull has from pulling.
It takes about a second and needs no ITK, so it also runs inside 3D Slicer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.affine import apply_affine
from CraNeXtLib.geometry.mesh import Mesh, face_normals
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.volume import Volume

_KINDS = ("rigid", "similarity", "affine")
SURFACE_SPACING_MM = 2.0
# Two normals at a right angle are as bad a match as two points this far apart.
NORMAL_WEIGHT_MM = 15.0
# A head in a scanner is nodded, turned or tilted by less than this; the search for the pose tries all of them.
START_ANGLES_DEG = [
    (0, 0, 0),
    (25, 0, 0),
    (-25, 0, 0),
    (50, 0, 0),
    (-50, 0, 0),
    (0, 0, 25),
    (0, 0, -25),
    (0, 25, 0),
    (0, -25, 0),
]
START_SHIFTS_MM = (0.0, 25.0, -25.0)
# A head that is larger or smaller by this factor is compared with a moving one of its own size, as no pose fits else.
ODD_SIZE = 1.15


@dataclass(frozen=True, eq=False)
class Alignment:
    """Where the points of a moving skull lie in the space of a fixed one.

    Args:
        matrix: 4×4 matrix from RAS points of the moving skull to RAS points of the fixed skull, in mm.
        distance_mm: Median distance between the fixed skull's surface and the moved one's; below 3 mm for two adult
            skulls that fit.
    """

    matrix: np.ndarray
    distance_mm: float

    def apply(self, points: np.ndarray) -> np.ndarray:
        """Map moving points of shape (N, 3) to fixed space."""
        return apply_affine(self.matrix, points)

    def inverse(self) -> Alignment:
        """Return the alignment from the fixed to the moving skull."""
        return Alignment(np.linalg.inv(self.matrix), self.distance_mm)


@dataclass(frozen=True, eq=False)
class Surface:
    """Points of a bone surface of shape (N, 3) in RAS mm, and their outward unit normals."""

    points: np.ndarray
    normals: np.ndarray

    def sample(self, count: int) -> Surface:
        """Return at most so many of the points, chosen evenly at random but always the same ones."""
        if count >= len(self.points):
            return self
        chosen = np.random.default_rng(0).choice(len(self.points), count, replace=False)
        return Surface(self.points[chosen], self.normals[chosen])

    def moved(self, matrix: np.ndarray) -> Surface:
        """Return the surface after a 4×4 affine map."""
        normals = self.normals @ np.linalg.inv(matrix[:3, :3])
        points = apply_affine(matrix, self.points)
        return Surface(points, normals / np.linalg.norm(normals, axis=1, keepdims=True))

    def features(self) -> np.ndarray:
        """Return what a match compares: position and weighted normal, shape (N, 6)."""
        return np.hstack([self.points, NORMAL_WEIGHT_MM / np.sqrt(2) * self.normals])


def align_surfaces(
    moving: Surface, fixed: Surface, *, kind: str = "similarity", start: Alignment | None = None
) -> Alignment:
    """Align a moving skull (usually a template) to a fixed one (usually a patient's, which may lack bone).

    Args:
        moving: Bone surface of a skull.
        fixed: Bone surface of another skull, nodded or turned against the first by up to about 50°.
        kind: ``"rigid"``, ``"similarity"`` (rigid and one scale) or ``"affine"``.
        start: A nearly correct alignment, which saves the search for one.

    Raises:
        InputError: If the kind is unknown.
    """
    if kind not in _KINDS:
        raise InputError(f"Unknown kind of alignment '{kind}'; choose one of {', '.join(_KINDS)}.")
    size = _size_of(fixed) / _size_of(moving)
    if kind != "rigid" and start is None and not 1 / ODD_SIZE < size < ODD_SIZE:
        scale = np.diag([size, size, size, 1.0])
        found = _align(moving.moved(scale), fixed, kind, None)
        return Alignment(found.matrix @ scale, found.distance_mm)
    return _align(moving, fixed, kind, start)


def _align(moving: Surface, fixed: Surface, kind: str, start: Alignment | None) -> Alignment:
    tree = cKDTree(moving.sample(20_000).features())
    moving = moving.sample(20_000)
    coarse, fine = fixed.sample(700), fixed.sample(5_000)
    # The search is rigid; only a good pose is worth a change of scale or shear.
    if start is None:
        scales = (40, 30, 20, 15, 12, 10)
        poses = [_refine(moving, tree, coarse, pose, "rigid", scales) for pose in _starts(moving, fixed)]
        matrix = min(poses, key=lambda pose: _distances(tree, coarse, pose).mean())
    else:
        matrix = np.linalg.inv(start.matrix)
    for stage in _KINDS[: _KINDS.index(kind) + 1]:
        matrix = _refine(moving, tree, fine, matrix, stage, (10, 8, 6, 5, 4, 4, 3, 3, 3, 3, 3, 3))
    return Alignment(np.linalg.inv(matrix), float(np.median(_distances(tree, fine, matrix))))


def bone_surface(skull: Volume) -> Surface:
    """Return the surface of a mask or an occupancy at about 2 mm, in RAS mm.

    Raises:
        InputError: If there is no surface.
    """
    from skimage.measure import marching_cubes

    reduced = shrink(skull, SURFACE_SPACING_MM)
    if reduced.voxels.max() <= 0.5 or reduced.voxels.min() >= 0.5:
        raise InputError("The skull mask holds no bone surface; check that it is a mask of bone.")
    vertices, faces, _, _ = marching_cubes(np.pad(reduced.voxels, 1), 0.5)
    points = reduced.to_ras(vertices - 1)
    # Area-weighted normals in mm; marching cubes' own are in voxels. Its faces look towards lower values in a
    # right-handed frame, and inwards in a left-handed one.
    of_faces = face_normals(Mesh(points, faces))
    of_faces *= -np.sign(np.linalg.det(reduced.affine[:3, :3]))
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], of_faces)
    lengths = np.linalg.norm(normals, axis=1)
    keep = lengths > 0
    return Surface(points[keep], normals[keep] / lengths[keep, None])


def _starts(moving: Surface, fixed: Surface) -> list[np.ndarray]:
    """Return poses to try: turns about the centers of the two skulls' upper parts, shifted along the body axis."""
    centers = [_upper_center(surface) for surface in (moving, fixed)]
    starts = []
    for angles in START_ANGLES_DEG:
        for shift in START_SHIFTS_MM:
            matrix = np.eye(4)
            matrix[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
            matrix[:3, 3] = centers[0] - matrix[:3, :3] @ centers[1] + (0, 0, shift)
            starts.append(matrix)
    return starts


def _size_of(surface: Surface) -> float:
    """Return the geometric mean of width and length of the upper 90 mm, in mm."""
    upper = surface.points[surface.points[:, 2] > np.percentile(surface.points[:, 2], 99.9) - 90]
    low, high = np.percentile(upper[:, :2], (0.5, 99.5), axis=0)
    return float(np.sqrt(np.prod(high - low)))


def _upper_center(surface: Surface) -> np.ndarray:
    """Return the middle of the upper 120 mm: scans end at very different heights below."""
    top = np.percentile(surface.points[:, 2], 99.9)
    upper = surface.points[surface.points[:, 2] > top - 120]
    return (np.percentile(upper, 0.5, axis=0) + np.percentile(upper, 99.5, axis=0)) / 2


def _generators(kind: str) -> np.ndarray:
    """Return the infinitesimal motions of a kind, shape (K, 4, 4)."""
    basis = np.zeros((3, 4, 12))
    basis.reshape(12, 12)[np.arange(12), np.arange(12)] = 1
    units = [np.pad(basis[..., k], ((0, 1), (0, 0))) for k in range(12)]
    unit = {(row, column): units[4 * row + column] for row in range(3) for column in range(4)}
    if kind == "affine":
        return np.array(units)
    motions = [unit[axis, 3] for axis in range(3)]
    motions += [unit[a, b] - unit[b, a] for a, b in ((0, 1), (0, 2), (1, 2))]
    if kind == "similarity":
        motions.append(unit[0, 0] + unit[1, 1] + unit[2, 2])
    return np.array(motions)


def _refine(
    moving: Surface, tree: cKDTree, fixed: Surface, matrix: np.ndarray, kind: str, scales_mm: tuple[float, ...]
) -> np.ndarray:
    """Improve a fixed → moving map by one Gauss-Newton step a scale; matches further off than it count little."""
    generators = _generators(kind)
    for scale in scales_mm:
        placed = fixed.moved(matrix)
        distances, partners = tree.query(placed.features())
        weights = 1 / (1 + (distances / scale) ** 2) ** 2
        normals = moving.normals[partners]
        residuals = np.sum(normals * (moving.points[partners] - placed.points), axis=1)
        center = placed.points.mean(axis=0)
        local = np.hstack([placed.points - center, np.full((len(residuals), 1), 100.0)])
        jacobian = np.einsum("ni,kij,nj->nk", normals, generators[:, :3], local)
        normal_matrix = (jacobian * weights[:, None]).T @ jacobian
        normal_matrix += 1e-6 * np.trace(normal_matrix) / len(generators) * np.eye(len(generators))
        step = np.linalg.solve(normal_matrix, jacobian.T @ (weights * residuals))
        motion = np.tensordot(step, generators, axes=1)
        motion[:3, 3] *= 100.0
        to_center, back = np.eye(4), np.eye(4)
        to_center[:3, 3], back[:3, 3] = -center, center
        matrix = back @ expm(motion) @ to_center @ matrix
    return matrix


def _distances(tree: cKDTree, fixed: Surface, matrix: np.ndarray) -> np.ndarray:
    """Return how far each fixed point is from its partner, in mm, a wrong normal counted in; at most 20 mm."""
    return np.minimum(tree.query(fixed.moved(matrix).features())[0], 20.0)
