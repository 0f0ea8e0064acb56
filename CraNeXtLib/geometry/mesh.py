"""Triangle meshes: volume, watertightness, normals, joining and splitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from CraNeXtLib.geometry.volume import Volume

DEBRIS_MM3 = 1.0
"""Volume below which a closed surface is debris."""


@dataclass(frozen=True, eq=False)
class Mesh:
    """A triangle mesh.

    Args:
        vertices: Array of shape (N, 3): RAS coordinates in mm.
        faces: Array of shape (M, 3): vertex indices, counter-clockwise seen from outside.
    """

    vertices: np.ndarray
    faces: np.ndarray

    @property
    def volume_ml(self) -> float:
        """Enclosed volume in mL; positive if the faces point outward."""
        a, b, c = (self.vertices[self.faces[:, corner]] for corner in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6000)

    @cached_property
    def vertex_normals(self) -> np.ndarray:
        """Unit normals at the vertices, shape (N, 3): area-weighted means of the normals of their faces."""
        of_faces = face_normals(self)
        normals = np.stack(
            [
                np.bincount(self.faces.ravel(), weights=np.repeat(of_faces[:, axis], 3), minlength=len(self.vertices))
                for axis in range(3)
            ],
            axis=1,
        )
        return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)

    @property
    def is_watertight(self) -> bool:
        """Whether every edge has exactly two faces that run through it in opposite directions."""
        start = self.faces.ravel().astype(np.int64)
        end = np.roll(self.faces, -1, axis=1).ravel().astype(np.int64)
        edges = np.sort(start * len(self.vertices) + end)
        reverse = np.sort(end * len(self.vertices) + start)
        return bool(len(edges) and (np.diff(edges) > 0).all() and np.array_equal(edges, reverse))


def averaged_normals(mesh: Mesh, *, rounds: int) -> np.ndarray:
    """Return unit normals at the vertices for shading, shape (N, 3), each averaged with its neighbors' several times.

    With them, the surface of a mask looks smooth, while its vertices stay; smoothing those as much would take longer.
    """
    from scipy import sparse

    count = len(mesh.vertices)
    start, end = mesh.faces.ravel(), np.roll(mesh.faces, -1, axis=1).ravel()
    edges = sparse.csr_array((np.ones(len(start), np.float32), (start, end)), shape=(count, count))
    sums = mesh.vertex_normals
    for _ in range(rounds):
        sums = sums + edges @ sums
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return sums


def joined(meshes: Sequence[Mesh]) -> Mesh:
    """Return several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))


def face_normals(mesh: Mesh) -> np.ndarray:
    """Return the normals of the faces, shape (M, 3), each as long as twice the area of its face.

    >>> face_normals(Mesh(np.array([[0.0, 0, 0], [2, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]])))
    array([[0., 0., 2.]])
    """
    corners = mesh.vertices[mesh.faces]
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def face_centers(mesh: Mesh) -> np.ndarray:
    """Return the centroids of the faces, shape (M, 3), in RAS mm.

    >>> face_centers(Mesh(np.array([[0.0, 0, 0], [3, 0, 0], [0, 3, 0]]), np.array([[0, 1, 2]])))
    array([[1., 1., 0.]])
    """
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    return (a + b + c) / 3


def shells_of(mesh: Mesh) -> tuple[int, np.ndarray]:
    """Return the number of connected surfaces of a mesh, and which one each vertex belongs to, shape (N,)."""
    from scipy import sparse
    from scipy.sparse import csgraph

    start, end = mesh.faces[:, :2].ravel(), mesh.faces[:, 1:].ravel()
    edges = sparse.coo_array((np.ones(len(start)), (start, end)), shape=(len(mesh.vertices),) * 2)
    return csgraph.connected_components(edges, directed=False)


def solid_parts(mesh: Mesh) -> list[np.ndarray]:
    """Return the vertex indices of each connected surface that encloses a volume, largest first.

    The inner surface of a cavity encloses a negative volume and belongs to no part.
    """
    volumes, shell_of = _shell_volumes(mesh)
    return [np.flatnonzero(shell_of == shell) for shell in np.argsort(-volumes) if volumes[shell] > 0]


def without_debris(mesh: Mesh, *, least_mm3: float = DEBRIS_MM3) -> Mesh:
    """Return a mesh without the connected surfaces that enclose less than so much.

    Voxels that touch the rest of a mask only at an edge or a corner become surfaces of their own, which smoothing
    shrinks to nothing, and which printing programs list as further bodies.

    Args:
        mesh: A closed mesh.
        least_mm3: Smallest volume of a surface, a cavity's included, that stays.
    """
    volumes, shell_of = _shell_volumes(mesh)
    kept = (np.abs(volumes) >= least_mm3)[shell_of]
    if kept.all() or not kept.any():
        return mesh
    return Mesh(mesh.vertices[kept], (np.cumsum(kept) - 1)[mesh.faces[kept[mesh.faces[:, 0]]]])


def _shell_volumes(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Return the volume in mm³ that each connected surface encloses, and which surface each vertex belongs to."""
    count, shell_of = shells_of(mesh)
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    of_faces = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    return np.bincount(shell_of[mesh.faces[:, 0]], weights=of_faces, minlength=count), shell_of


def split_mesh(mesh: Mesh, pieces: list[Volume]) -> list[Mesh]:
    """Return the part of a mesh that belongs to each piece of its mask; a part may be empty.

    Args:
        mesh: A closed mesh of several shells, such as a finished implant's.
        pieces: Masks of the pieces. A shell belongs to the piece that is nearest to most of its vertices.
    """
    from scipy.spatial import cKDTree

    shells, shell_of = shells_of(mesh)
    points = [piece.to_ras(np.argwhere(piece.voxels)) for piece in pieces]
    owners = np.repeat(np.arange(len(pieces)), [len(p) for p in points])
    _, nearest = cKDTree(np.concatenate(points)).query(mesh.vertices)
    votes = np.zeros((shells, len(pieces)))
    np.add.at(votes, (shell_of, owners[nearest]), 1)
    piece_of = votes.argmax(axis=1)[shell_of]
    meshes = []
    for number in range(len(pieces)):
        faces = mesh.faces[piece_of[mesh.faces[:, 0]] == number]
        used, renumbered = np.unique(faces, return_inverse=True)
        meshes.append(Mesh(mesh.vertices[used], renumbered.reshape(-1, 3)))
    return meshes
