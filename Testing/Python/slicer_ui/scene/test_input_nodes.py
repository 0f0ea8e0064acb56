"""A skull for display: smooth, with few triangles, where the mask is."""

import numpy as np
import pytest
from vtk.util.numpy_support import vtk_to_numpy

from CraNeXtLib.geometry.volume import Volume


def _oblique_ball(radius_mm=20.0, spacing=(0.5, 0.8, 1.0)):
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, -1]])
    affine = np.eye(4)
    affine[:3, :3] = turn * spacing
    shape = tuple(int(2.4 * radius_mm / step) for step in spacing)
    middle = np.array([5.0, -7.0, 11.0])
    affine[:3, 3] = middle - affine[:3, :3] @ (np.array(shape) / 2)
    grid = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    return Volume(np.linalg.norm(grid - middle, axis=-1) < radius_mm, affine), middle


def test_the_surface_for_display_lies_on_the_mask():
    from CraNeXtLib.slicer_ui.scene.input_nodes import display_surface

    ball, middle = _oblique_ball()
    surface = display_surface(ball)
    points = vtk_to_numpy(surface.GetPoints().GetData())
    distances = np.linalg.norm(points - middle, axis=1)
    assert distances.mean() == pytest.approx(20.0, abs=0.4)
    assert np.ptp(distances) < 2.0
    assert surface.GetNumberOfCells() < 8000
    assert surface.GetPointData().GetNormals() is not None
