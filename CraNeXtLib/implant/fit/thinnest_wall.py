"""The thinnest wall of a part, its rim, holes and grooves included."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.point_tree import point_tree

RESOLUTION_MM = 0.1
"""How exactly the thinnest wall is found."""

_OPPOSITE = -0.9
"""Cosine between the normals of two sides of a wall, within 26° of opposite."""

_WITHIN_MM = 0.05  # how much deeper than a ball its nearest vertex may lie, as vertices are not the surface


def thinnest_wall(mesh: Mesh, most_mm: float, *, limit_mm: float) -> tuple[float, int | None]:
    """Return the thickness of a part's thinnest wall in mm, at most ``most_mm``, and the vertex where it is.

    A wall is thinner than so much where a ball of this diameter, touching one side from within, reaches through an
    opposite side, as between two holes, or where no ball that fits into the part comes within its radius of the
    surface, as in a feather edge. So a sharp corner is no thin wall, but an edge of less than 60° is.

    Args:
        mesh: Surface of the part.
        most_mm: Thickness up to which walls are looked for.
        limit_mm: Thickness that is looked at itself, so that the answer is below it only if a wall is.

    Returns:
        ``most_mm`` and None if every wall is as thick as that.
    """
    tree = point_tree(mesh.vertices)
    if (_shortage(mesh, tree, most_mm) <= 0).all():
        return most_mm, None
    thick, thin, middle = 0.0, most_mm, limit_mm if limit_mm < most_mm else most_mm / 2
    while thin - thick > RESOLUTION_MM:
        thick, thin = (middle, thin) if (_shortage(mesh, tree, middle) <= 0).all() else (thick, middle)
        middle = (thick + thin) / 2
    return thick, int(_shortage(mesh, tree, thin).argmax())


def _shortage(mesh: Mesh, tree: cKDTree, thickness_mm: float) -> np.ndarray:
    """Return how much too thin a part is at each vertex for walls of a thickness, in mm, shape (N,); 0 or less if not.

    Args:
        mesh: Surface of the part.
        tree: Its vertices.
        thickness_mm: Diameter of the balls, which touch the surface at each vertex from within.
    """
    radius_mm, normals = thickness_mm / 2, mesh.vertex_normals
    middles = mesh.vertices - radius_mm * normals
    to_nearest_mm, nearest = tree.query(middles)
    fits = to_nearest_mm >= radius_mm - _WITHIN_MM
    short = np.full(len(middles), -radius_mm)
    if fits.all():
        return short
    opposite = ~fits & ((normals * normals[nearest]).sum(axis=1) < _OPPOSITE)
    others = np.flatnonzero(~fits & ~opposite)
    short[opposite] = (radius_mm - to_nearest_mm)[opposite]
    short[others] = np.inf
    if fits.any():
        short[others] = point_tree(middles[fits]).query(mesh.vertices[others])[0] - thickness_mm - _WITHIN_MM
    return short
