"""Files exchanged with the worker, read and written by Slicer's own classes, since its Python has no NRRD package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
import vtk

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.node_volumes import fill_labelmap, labelmap_volume
from CraNeXtLib.slicer_ui.translation import _


def write_ct(node: Any, path: Path) -> None:
    """Write the CT in a volume node as NRRD, in the node's own coordinates (without its transform).

    Raises:
        InputError: If the file cannot be written.
    """
    copy, matrix = slicer.vtkMRMLScalarVolumeNode(), vtk.vtkMatrix4x4()
    copy.SetAndObserveImageData(node.GetImageData())
    node.GetIJKToRASMatrix(matrix)
    copy.SetIJKToRASMatrix(matrix)
    _write(copy, path, compress=False)  # compression would freeze Slicer for seconds


def write_mask(mask: Volume, path: Path) -> None:
    """Write a mask as NRRD.

    Raises:
        InputError: If the file cannot be written.
    """
    node = slicer.vtkMRMLLabelMapVolumeNode()
    fill_labelmap(node, mask)
    _write(node, path, compress=True)


def write_model(node: Any, path: Path) -> None:
    """Write the surface in a model node as STL, in LPS as it says, in the node's own coordinates.

    Raises:
        InputError: If it is empty, or the file cannot be written.
    """
    copy, storage = slicer.vtkMRMLModelNode(), slicer.vtkMRMLModelStorageNode()
    if node.GetPolyData() is None or not node.GetPolyData().GetNumberOfCells():
        raise InputError(_("{name} is empty. Choose another node.").format(name=node.GetName()))
    copy.SetAndObservePolyData(node.GetPolyData())
    storage.SetFileName(str(path))
    if not storage.WriteData(copy):
        raise InputError(_("Cannot write to {folder}. Free some disk space there.").format(folder=path.parent))


def read_mask(path: Path) -> Volume:
    """Read an NRRD file that the worker wrote as a Boolean mask; see :func:`read_labels`."""
    labels = read_labels(path)
    return labels.with_voxels(labels.voxels != 0)


def read_labels(path: Path) -> Volume:
    """Read an NRRD file that the worker wrote as labels.

    Raises:
        InputError: If the file cannot be read.
    """
    node = slicer.vtkMRMLLabelMapVolumeNode()
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    if not storage.ReadData(node):
        raise InputError(_("Cannot read the result {file}. Run the computation again.").format(file=path.name))
    return labelmap_volume(node)


def read_surface(path: Path) -> Any:
    """Read a surface file that the worker wrote as poly data in RAS mm; files are in LPS unless they say otherwise.

    Raises:
        InputError: If the file cannot be read.
    """
    node, storage = slicer.vtkMRMLModelNode(), slicer.vtkMRMLModelStorageNode()
    storage.SetFileName(str(path))
    if not storage.ReadData(node):
        raise InputError(_("Cannot read the result {file}. Run the computation again.").format(file=path.name))
    return shaded(node.GetPolyData())


def shaded(surface: Any) -> Any:
    """Return a surface with point normals, for smooth shading; the points are unchanged."""
    if surface.GetPointData().GetNormals() is not None:
        return surface
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(surface)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()


def _write(node: Any, path: Path, *, compress: bool) -> None:
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(compress)
    if not storage.WriteData(node):
        raise InputError(_("Cannot write to {folder}. Free some disk space there.").format(folder=path.parent))
