"""The distance of points from a surface, to its triangles and not to its corners only."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.poly_data import poly_data


def distances_to(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """Return the distances of points, shape (N, 3), from a closed mesh in mm, negative inside, shape (N,)."""
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonCore import vtkDoubleArray
    from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance

    surface = vtkImplicitPolyDataDistance()
    surface.SetInput(poly_data(mesh))
    result = vtkDoubleArray()
    result.SetNumberOfTuples(len(points))
    surface.FunctionValue(numpy_to_vtk(np.ascontiguousarray(points, np.float64), deep=True), result)
    return np.array(vtk_to_numpy(result))
