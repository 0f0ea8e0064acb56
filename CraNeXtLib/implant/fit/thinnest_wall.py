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
    tree, thinner = point_tree(mesh.vertices), None
    thick_mm, thin_mm, middle_mm = 0.0, most_mm, limit_mm if limit_mm < most_mm else most_mm / 2
    suspects = np.arange(len(mesh.vertices))  # where a ball of thin_mm, and so perhaps a smaller one, does not fit
    while thin_mm - thick_mm > RESOLUTION_MM:
        blocked, short_mm = _shortage(mesh, tree, middle_mm, suspects)
        if (short_mm <= 0).all():
            thick_mm = middle_mm
        else:
            thin_mm, suspects, thinner = middle_mm, blocked, short_mm
        middle_mm = (thick_mm + thin_mm) / 2
    if thinner is None:
        suspects, thinner = _shortage(mesh, tree, most_mm, suspects)
        if (thinner <= 0).all():
            return most_mm, None
    return thick_mm, int(suspects[thinner.argmax()])


def _shortage(mesh: Mesh, tree: cKDTree, thickness_mm: float, suspects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices where no ball fits, and how much too thin the part is there, in mm; 0 or less if it is not.

    Args:
        mesh: Surface of the part.
        tree: Its vertices.
        thickness_mm: Diameter of the balls, which touch the surface at each vertex from within.
        suspects: Vertices to look at, shape (N,); balls fit at all others.
    """
    radius_mm, normals = thickness_mm / 2, mesh.vertex_normals
    middles = mesh.vertices - radius_mm * normals
    to_nearest_mm, nearest = tree.query(middles[suspects], distance_upper_bound=radius_mm - _WITHIN_MM)
    no_fit = np.isfinite(to_nearest_mm)
    blocked, to_nearest_mm, nearest = suspects[no_fit], to_nearest_mm[no_fit], nearest[no_fit]
    opposite = (normals[blocked] * normals[nearest]).sum(axis=1) < _OPPOSITE
    short_mm = np.where(opposite, radius_mm - to_nearest_mm, np.inf)
    if len(blocked) < len(middles):
        others = mesh.vertices[blocked[~opposite]]
        to_ball_mm = point_tree(np.delete(middles, blocked, axis=0)).query(others)[0]
        short_mm[~opposite] = to_ball_mm - thickness_mm - _WITHIN_MM
    return blocked, short_mm
