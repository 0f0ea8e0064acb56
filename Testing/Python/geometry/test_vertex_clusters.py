"""Meshes with fewer faces stay where they were, keep thin walls, and carry the means of their values."""

import numpy as np
import pytest
from phantoms import OBLIQUE

from CraNeXtLib.geometry.mesh import Mesh, joined
from CraNeXtLib.geometry.vertex_clusters import clustered


def ball(radius_mm: float = 40.0, rings: int = 120) -> Mesh:
    """A sphere around (5, -7, 90) with some 29,000 faces."""
    polar, around = np.linspace(0, np.pi, rings), np.linspace(0, 2 * np.pi, rings, endpoint=False)
    polar, around = (values.ravel() for values in np.meshgrid(polar, around, indexing="ij"))
    points = np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], axis=1)
    row, column = (values.ravel() for values in np.meshgrid(np.arange(rings - 1), np.arange(rings), indexing="ij"))
    a, b = row * rings + column, row * rings + (column + 1) % rings
    faces = np.concatenate([np.stack([a, a + rings, b], axis=1), np.stack([b, a + rings, b + rings], axis=1)])
    return Mesh(radius_mm * points @ OBLIQUE.T + (5, -7, 90), faces)


def test_a_sphere_keeps_its_radius_with_a_fifth_of_the_faces():
    reduced = clustered(ball(), 3.0).mesh
    assert len(reduced.faces) < len(ball().faces) / 5
    radii = np.linalg.norm(reduced.vertices - (5, -7, 90), axis=1)
    assert radii == pytest.approx(40.0, abs=0.15)  # the mean of a cell's vertices lies a little inside
    assert reduced.volume_ml == pytest.approx(4 / 3 * np.pi * 40**3 / 1000, rel=0.02)


def test_only_some_vertices_keep_their_detail():
    whole = ball()
    fine = whole.vertices[:, 2] > 90
    reduced = clustered(whole, 8.0, fine_mm=2.0, fine=fine)
    above = np.unique(reduced.cluster_of[fine])
    below = np.unique(reduced.cluster_of[~fine])
    assert not set(above) & set(below)
    assert len(above) > 8 * len(below)
    assert reduced.mesh.volume_ml == pytest.approx(4 / 3 * np.pi * 40**3 / 1000, rel=0.05)


def test_the_two_sides_of_a_thin_wall_meet_and_leave_no_hole():
    steps = np.arange(0, 20.5, 0.5)
    across, up = (values.ravel() for values in np.meshgrid(steps, steps, indexing="ij"))
    row, column = (values.ravel() for values in np.meshgrid(np.arange(40), np.arange(40), indexing="ij"))
    a = row * 41 + column
    faces = np.concatenate([np.stack([a, a + 41, a + 1], axis=1), np.stack([a + 1, a + 41, a + 42], axis=1)])
    side = Mesh(np.stack([across, up, np.zeros_like(up)], axis=1), faces)
    wall = joined([side, Mesh(side.vertices + np.array([0, 0, 0.3]), faces[:, ::-1])])
    reduced = clustered(wall, 2.0).mesh
    assert np.ptp(reduced.vertices[:, 2]) < 1e-9
    corners = reduced.vertices[reduced.faces]
    areas = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2] / 2
    width = np.ptp(reduced.vertices[:, 0])
    assert areas[areas > 0].sum() == pytest.approx(width**2, rel=0.01)  # once on each side
    assert areas[areas < 0].sum() == pytest.approx(-(width**2), rel=0.01)


def test_values_become_means_of_what_is_known():
    mesh = Mesh(
        np.array([[0.1, 0, 0], [0.2, 0, 0], [5.1, 0, 0], [0, 5.1, 0], [0, 5.2, 0]]), np.array([[0, 2, 3], [1, 2, 4]])
    )
    reduced = clustered(mesh, 1.0)
    means = reduced.means(np.array([1.0, 2.0, np.nan, 4.0, np.nan]))
    at = reduced.cluster_of
    assert means[at[0]] == means[at[1]] == 1.5
    assert np.isnan(means[at[2]])
    assert means[at[3]] == means[at[4]] == 4.0
    assert len(reduced.mesh.vertices) == 3
