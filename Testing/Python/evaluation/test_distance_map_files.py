"""Distance maps in files that Slicer and ParaView can read, and that are read back as they were."""

import numpy as np
import pytest
from plain_metrics import balls

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.evaluation.distance_map_files import read_vtp, write_vtp
from CraNeXtLib.evaluation.distance_maps import DistanceMap, distance_map
from CraNeXtLib.geometry.surface_extraction import surface_of


def test_vtp_holds_mesh_and_scalars(tmp_path):
    vtk_io = pytest.importorskip("vtkmodules.vtkIOXML")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    small, large = (surface_of(volume) for volume in balls(4, 6, size=32))
    distances = distance_map(small, large)
    write_vtp(distances, tmp_path / "map.vtp")
    reader = vtk_io.vtkXMLPolyDataReader()
    reader.SetFileName(str(tmp_path / "map.vtp"))
    reader.Update()
    data = reader.GetOutput()
    np.testing.assert_allclose(vtk_to_numpy(data.GetPoints().GetData()), small.vertices)
    scalars = data.GetPointData().GetScalars()
    assert scalars.GetName() == "distance_mm"
    np.testing.assert_allclose(vtk_to_numpy(scalars), distances.values_mm, atol=1e-5)
    assert data.GetNumberOfPolys() == len(small.faces)
    assert data.GetFieldData().GetAbstractArray("SPACE").GetValue(0) == "RAS"  # what Slicer looks for
    with pytest.raises(InputError, match=r"\.vtp"):
        write_vtp(distances, tmp_path / "map.obj")


def test_the_first_of_several_maps_is_read_back_as_it_was_written(tmp_path):
    mesh = surface_of(balls(4, size=32)[0])
    values = np.linspace(-1, 2, len(mesh.vertices))
    values[::7] = np.nan
    maps = [DistanceMap(mesh, values, "gap_mm"), DistanceMap(mesh, 2 * values, "thickness_mm")]
    write_vtp(maps, tmp_path / "maps.vtp")
    found = read_vtp(tmp_path / "maps.vtp")
    assert found.name == "gap_mm"
    np.testing.assert_array_equal(found.mesh.faces, mesh.faces)
    np.testing.assert_allclose(found.mesh.vertices, mesh.vertices, atol=1e-5)
    np.testing.assert_allclose(found.values_mm, values, atol=1e-5)


def test_a_file_without_a_map_is_refused(tmp_path):
    (tmp_path / "empty.vtp").write_text('<VTKFile type="PolyData"><PolyData/></VTKFile>')
    with pytest.raises(InputError, match=r"empty\.vtp"):
        read_vtp(tmp_path / "empty.vtp")
