"""Linear interpolation of a volume on another grid by VTK, in half of SciPy's time."""

from __future__ import annotations

import numpy as np

from CraNeXtLib.geometry.volume import memory_order


def reslice(
    values: np.ndarray, to_indices: np.ndarray, shape: tuple[int, int, int], *, outside: float = 0.0
) -> np.ndarray:
    """Interpolate values linearly on another grid, as SciPy's ``affine_transform`` of order 1 does.

    Args:
        values: Array of shape (I, J, K).
        to_indices: 4×4 matrix from indices of the other grid to indices of the values.
        shape: Shape of the other grid.
        outside: Value of points that are not between the values.

    Returns:
        float32 of the given shape.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkCommonMath import vtkMatrix4x4
    from vtkmodules.vtkImagingCore import vtkImageReslice

    order = memory_order(values)
    reverse = np.eye(4)[[2, 1, 0, 3]]  # VTK's first axis is the one whose values are neighbors in memory.
    image = vtkImageData()
    image.SetDimensions(values.shape if order == "F" else values.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(np.asarray(values, np.float32).ravel(order)))
    reslicer = vtkImageReslice()
    reslicer.SetInputData(image)
    axes = vtkMatrix4x4()
    axes.DeepCopy(((np.eye(4) if order == "F" else reverse) @ to_indices @ reverse).ravel().tolist())
    reslicer.SetResliceAxes(axes)
    reslicer.SetInterpolationModeToLinear()
    reslicer.BorderOff()
    reslicer.SetBackgroundLevel(outside)
    reslicer.SetOutputSpacing(1, 1, 1)
    reslicer.SetOutputOrigin(0, 0, 0)
    reslicer.SetOutputExtent([bound for size in shape[::-1] for bound in (0, size - 1)])
    reslicer.Update()
    resliced: np.ndarray = vtk_to_numpy(reslicer.GetOutput().GetPointData().GetScalars()).reshape(shape)
    return resliced
