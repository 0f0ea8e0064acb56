"""The thinnest wall of plates of known shape: whole ones, with a feather edge, and with holes close together."""

import numpy as np
import pytest

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.fit.thinnest_wall import thinnest_wall

STEP_MM = 0.5


def plate(*, thickness_mm: float = 3.0, taper_deg: float = 90.0, holes: tuple[float, ...] = ()) -> Mesh:
    """A plate of 30 x 20 mm whose end at +x is cut at an angle, with holes of 3 mm in diameter on the x axis."""
    x, y, z = (np.arange(-n, n + 1) * STEP_MM for n in (36, 26, 10))
    x, y, z = np.meshgrid(x, y, z, indexing="ij")
    angle = np.deg2rad(taper_deg)
    end = np.sin(angle) * (x - 15) + np.cos(angle) * (z + thickness_mm / 2)
    field = np.max([-15 - x, end, np.abs(y) - 10, np.abs(z) - thickness_mm / 2], axis=0)
    for center in holes:
        field = np.maximum(field, 1.5 - np.hypot(x - center, y))
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = (-18, -13, -5)
    return surface_of_field(Volume(field.astype(np.float32), affine))


@pytest.mark.parametrize("taper_deg", [90, 70])
def test_a_plate_is_as_thick_as_its_wall_and_its_corners_are_no_thin_wall(taper_deg):
    thickness_mm, vertex = thinnest_wall(plate(taper_deg=taper_deg), 5.0, limit_mm=2.0)
    assert thickness_mm == pytest.approx(3.0, abs=0.25)
    assert vertex is not None
    assert thinnest_wall(plate(), 2.0, limit_mm=2.0) == (2.0, None)


def test_a_feather_edge_is_a_thin_wall_and_is_found():
    mesh = plate(taper_deg=30)
    thickness_mm, vertex = thinnest_wall(mesh, 5.0, limit_mm=2.0)
    assert thickness_mm < 1
    assert mesh.vertices[vertex, 0] == pytest.approx(15, abs=1)


@pytest.mark.parametrize(("between_mm", "expected_mm"), [(1.0, 1.0), (2.5, 2.5), (8.0, 3.0)])
def test_what_is_left_between_two_holes_is_a_wall(between_mm, expected_mm):
    mesh = plate(holes=(-1.5 - between_mm / 2, 1.5 + between_mm / 2))
    thickness_mm, vertex = thinnest_wall(mesh, 5.0, limit_mm=2.0)
    assert thickness_mm == pytest.approx(expected_mm, abs=0.35)
    if expected_mm < 3:
        assert np.abs(mesh.vertices[vertex, :2]).max() < 2


@pytest.mark.parametrize(("thickness_mm", "is_enough"), [(2.0, True), (1.9, False)])
def test_a_wall_as_thick_as_the_limit_is_not_called_thinner(thickness_mm, is_enough):
    """Halving intervals from 10 mm alone would answer 1.95 mm for the first plate."""
    found_mm, _ = thinnest_wall(plate(thickness_mm=thickness_mm), 10.0, limit_mm=2.0)
    assert (found_mm >= 2.0) == is_enough
    assert found_mm == pytest.approx(thickness_mm, abs=0.11)
