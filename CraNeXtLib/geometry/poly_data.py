"""Meshes as VTK poly data, and as files that 3D Slicer and ParaView open."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.atomic import replacing
from CraNeXtLib.geometry.mesh import Mesh


def poly_data(mesh: Mesh, scalars: Mapping[str, np.ndarray] | None = None) -> Any:
    """Return a mesh as vtkPolyData.

    Args:
        mesh: The mesh.
        scalars: Values at the vertices by name, each of shape (N,); the first becomes the active one.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    points, triangles, data = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(mesh.vertices, dtype=np.float64), deep=True))
    triangles.SetData(3, numpy_to_vtkIdTypeArray(np.ascontiguousarray(mesh.faces, dtype=np.int64).ravel(), deep=True))
    data.SetPoints(points)
    data.SetPolys(triangles)
    for name, values in (scalars or {}).items():
        array = numpy_to_vtk(np.ascontiguousarray(values, dtype=np.float32), deep=True)
        array.SetName(name)
        data.GetPointData().AddArray(array)
    if scalars:
        data.GetPointData().SetActiveScalars(next(iter(scalars)))
    return data


def write_poly_data(data: Any, path: str | Path) -> None:
    """Write poly data in RAS mm as a VTP file.

    Raises:
        InputError: If the path does not end in .vtp or cannot be written.
    """
    from vtkmodules.vtkCommonCore import vtkStringArray
    from vtkmodules.vtkCommonMisc import vtkErrorCode
    from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

    if Path(path).suffix.lower() != ".vtp":
        raise InputError(f"{Path(path).name} must end in .vtp.")
    space = vtkStringArray()
    space.SetName("SPACE")  # otherwise Slicer assumes LPS
    space.InsertNextValue("RAS")
    data.GetFieldData().AddArray(space)
    with replacing(path) as temporary:
        writer = vtkXMLPolyDataWriter()
        writer.SetInputData(data)
        writer.SetFileName(str(temporary))
        writer.EncodeAppendedDataOff()
        writer.SetCompressionLevel(1)
        written, code = writer.Write(), writer.GetErrorCode()
        if not written or code:  # with a full disk, Write returns 1 all the same
            full = code == vtkErrorCode.OutOfDiskSpaceError
            raise OSError(code, os.strerror(errno.ENOSPC) if full else vtkErrorCode.GetStringFromErrorCode(code))
