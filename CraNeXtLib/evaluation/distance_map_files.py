"""Distance maps as VTP files, which 3D Slicer and ParaView open with their scalars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.distance_maps import DistanceMap
from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.poly_data import poly_data, write_poly_data


def write_vtp(maps: DistanceMap | Sequence[DistanceMap], path: str | Path) -> None:
    """Write a map, or several of one mesh, as VTP, with coordinates in RAS mm and the distances as named point scalars.

    Raises:
        InputError: If the path does not end in .vtp or cannot be written.
    """
    maps = [maps] if isinstance(maps, DistanceMap) else maps
    write_poly_data(poly_data(maps[0].mesh, {each.name: each.values_mm for each in maps}), path)


def read_vtp(path: str | Path) -> DistanceMap:
    """Read the active map of a file that :func:`write_vtp` wrote.

    Raises:
        InputError: If it holds none.
    """
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOXML import vtkXMLPolyDataReader

    reader = vtkXMLPolyDataReader()
    reader.SetFileName(str(path))
    reader.Update()
    data = reader.GetOutput()
    scalars = data.GetPointData().GetScalars()
    if scalars is None or not data.GetNumberOfPolys():
        raise InputError(f"{Path(path).name} holds no distance map; write it again.")
    mesh = Mesh(
        vtk_to_numpy(data.GetPoints().GetData()).astype(float),
        vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3),
    )
    return DistanceMap(mesh, vtk_to_numpy(scalars).astype(float), scalars.GetName())
