"""Surfaces laid flat: a bent sheet without strain, a cap with the least there can be."""

import numpy as np
import pytest

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.implant.onlay.flattening import flattened
from CraNeXtLib.implant.onlay.triangulation import boundary_loop, triangulated


def disk() -> tuple[np.ndarray, np.ndarray]:
    """A round region of the plane with a radius of 30."""
    i, j = np.ogrid[:71, :71]
    points, faces = triangulated(np.hypot(i - 35, j - 35) - 30, 3.0)
    return points - 35, faces


def test_a_region_is_filled_with_triangles_and_has_one_border():
    points, faces = disk()
    a, b, c = points[faces].transpose(1, 0, 2)
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert areas.min() > 0
    assert areas.sum() == pytest.approx(np.pi * 30**2, rel=0.01)
    loop = boundary_loop(faces)
    assert np.hypot(*points[loop].T) == pytest.approx(30, abs=0.1)
    assert len(set(loop.tolist())) == len(loop)


def test_a_bent_sheet_is_unrolled_without_strain():
    points, faces = disk()
    bent = np.column_stack([40 * np.sin(points[:, 0] / 40), points[:, 1], 40 * np.cos(points[:, 0] / 40)])
    flat = flattened(Mesh(bent, faces), bent[:, :2])
    assert flat.largest_strain_percent < 0.7
    assert abs(flat.area_percent) < 0.3
    assert np.sort(np.hypot(*(flat.points - flat.points.mean(axis=0)).T))[-5:] == pytest.approx(30, abs=0.4)


def test_a_cap_is_strained_as_its_curvature_demands():
    points, faces = disk()
    height = np.sqrt(75**2 - (points**2).sum(axis=1))
    flat = flattened(Mesh(np.column_stack([points, height]), faces), points)
    assert 1.0 < flat.largest_strain_percent < 5.0  # the rim is shorter by 4 % than a circle with its radius
    assert abs(flat.area_percent) < 0.5
    radii = np.hypot(*(flat.points - flat.points.mean(axis=0)).T)
    assert radii.max() == pytest.approx(2 * 75 * np.sin(np.arcsin(30 / 75) / 2), rel=0.01)  # of a disk of equal area
