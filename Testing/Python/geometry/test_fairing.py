"""Fair surfaces lose the voxels' terraces, and neither thickness nor more than the tolerance."""

import numpy as np
import pytest

from CraNeXtLib.geometry.distance_field import aligned_grid, field_of
from CraNeXtLib.geometry.fairing import FairSurface, faired_mesh
from CraNeXtLib.geometry.mesh import Mesh, face_centers, face_normals
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume

RADIUS_MM, THICKNESS_MM = 70.0, 3.0
TOLERANCE_MM = 0.5


@pytest.fixture(scope="module")
def shell() -> Volume:
    """A shell like a plate in the vault, on voxels of 1 mm: its terraces are up to 12 mm wide."""
    x, y, z = np.meshgrid(np.arange(-22, 23), np.arange(-22, 23), np.arange(60, 74), indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    affine = np.eye(4)
    affine[:3, 3] = -22, -22, 60
    return Volume((radius <= RADIUS_MM) & (radius > RADIUS_MM - THICKNESS_MM) & (np.hypot(x, y) < 20), affine)


@pytest.fixture(scope="module")
def field(shell: Volume) -> Volume:
    points = shell.to_ras(np.argwhere(shell.voxels))
    return field_of(shell, aligned_grid(points, np.array([0.1, 0.2, 1.0]), margin_mm=3, step_mm=0.7))


def off_sphere(mesh: Mesh) -> tuple[float, float, float]:
    """RMS of distances from the outer sphere and of angles to it in degrees, and mean thickness, around the middle."""
    centers, normals = face_centers(mesh), face_normals(mesh)
    radius = np.linalg.norm(centers, axis=1)
    middle = np.hypot(centers[:, 0], centers[:, 1]) < 12
    outer, inner = (middle & (side > 0) for side in (radius - RADIUS_MM + 1.5, RADIUS_MM - 1.5 - radius))
    facing = (normals * centers).sum(axis=1) / np.linalg.norm(normals, axis=1) / radius
    angles = np.degrees(np.arccos(np.clip(facing[outer], -1, 1)))
    off = radius[outer] - radius[outer].mean()
    return float(off.std()), float(np.sqrt(np.mean(angles**2))), float(radius[outer].mean() - radius[inner].mean())


def test_terraces_are_gone_and_the_thickness_stays(field):
    stepped = off_sphere(surface_of_field(field))
    fair = off_sphere(surface_of_field(FairSurface.of(field, TOLERANCE_MM).faired(field, np.ones(field.shape, bool))))
    assert stepped[1] > 6
    assert fair[0] < 0.8 * stepped[0]
    assert fair[1] < 0.45 * stepped[1]
    assert fair[2] == pytest.approx(stepped[2], abs=0.03)


def test_no_vertex_moves_farther_than_the_tolerance(field):
    mesh = surface_of_field(field, iterations=0)
    shifts = np.linalg.norm(faired_mesh(mesh, 0.2).vertices - mesh.vertices, axis=1)
    assert shifts.max() == pytest.approx(0.2, abs=1e-6)
    assert faired_mesh(mesh, 0.2).is_watertight


def test_only_where_it_is_wanted_does_the_field_change(field):
    where = np.zeros(field.shape, bool)
    where[: field.shape[0] // 2] = True
    changed = FairSurface.of(field, TOLERANCE_MM).faired(field, where).voxels != field.voxels
    assert changed[where].any()
    assert not changed[~where].any()
