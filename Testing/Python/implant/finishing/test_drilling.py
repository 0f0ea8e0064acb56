"""Holes through a part have their diameter in its surface, however coarse its grid is."""

import numpy as np
import pytest

from CraNeXtLib.geometry.mesh import solid_parts
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.implant.finishing.drilling import Bore, bored, drill

STEP_MM = 0.8
AXIS = np.array([0.36, 0.48, 0.8])
MIDDLE = np.array([10.0, 10.0, 10.0])


def slanting(radius_mm: float) -> Bore:
    """The hole through the middle of a plate, from the middle of its upper side."""
    return Bore(tuple(MIDDLE + 2.5 * AXIS), tuple(AXIS), radius_mm, 5.0)


def drilled_plate(radius_mm: float) -> Volume:
    """A plate of 20 x 20 x 4 mm with a slanting hole, on voxels as coarse as any that finishing uses."""
    x, y, z = (axis * STEP_MM - 10.0 for axis in np.ogrid[:26, :26, :26])
    plate = np.max(np.broadcast_arrays(np.abs(x) - 9.0, np.abs(y) - 9.0, np.abs(z) - 2.0), axis=0).astype(np.float32)
    volume = Volume(plate, np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0]))
    drilled = plate.copy()
    drill(drilled, volume, slanting(radius_mm))
    return volume.with_voxels(drilled)


def wall_mm(mesh, least_mm: float) -> np.ndarray:
    """Return the distance from the axis of points on the wall of the hole, between the sides of the plate."""
    corners = mesh.vertices[mesh.faces]
    weights = np.array([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.3, 0.5], [0.34, 0.33, 0.33]])
    offsets = np.einsum("wc,fcx->fwx", weights, corners).reshape(-1, 3) - MIDDLE
    across = np.linalg.norm(offsets - (offsets @ AXIS)[:, None] * AXIS, axis=1)
    return across[(across < least_mm + 1) & (np.abs(offsets[:, 2]) < 1)]


@pytest.mark.parametrize("radius_mm", [0.75, 1.5])
def test_a_hole_has_its_radius(radius_mm):
    surface = surface_of_field(drilled_plate(radius_mm))
    assert wall_mm(surface, radius_mm).min() < radius_mm - 0.1
    mesh = bored(surface, [slanting(radius_mm)])
    assert wall_mm(mesh, radius_mm).min() == pytest.approx(radius_mm, abs=0.01)
    assert wall_mm(mesh, radius_mm).max() < radius_mm + 0.06
    assert mesh.is_watertight
    assert len(mesh.vertices) - len(mesh.faces) // 2 == 0  # one hole through a plate: a torus


def test_a_part_without_holes_keeps_its_surface():
    surface = surface_of_field(drilled_plate(1.0))
    assert bored(surface, []) is surface


def test_a_hole_leaves_another_wall_behind_its_own_whole():
    """As in a part that reaches over the brow into the roof of the orbit."""
    x, y, z = (axis * STEP_MM - 10.0 for axis in np.ogrid[:26, :26, :26])
    layers = np.maximum(np.abs(np.abs(z) - 6.0) - 1.5, np.maximum(np.abs(x), np.abs(y)) - 9.0)
    folded = Volume(layers.astype(np.float32), np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0]))
    field = folded.voxels.copy()
    bore = Bore((10.0, 10.0, 17.5), (0.0, 0.0, 1.0), 0.75, 3.0)
    drill(field, folded, bore)
    assert (field[12, 12, 15:] > 0).all()
    assert (field[:, :, :13] == folded.voxels[:, :, :13]).all()
    holed = bored(surface_of_field(folded), [bore])
    assert len(solid_parts(holed)) == 2
    assert len(holed.vertices) - len(holed.faces) // 2 == 2  # a torus and a sphere
