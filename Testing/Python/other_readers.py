"""Volumes as SimpleITK and 3D Slicer (slicer-core) read them; a test that uses one is skipped where it is missing."""

from pathlib import Path

import numpy as np
import pytest


def read_with_simpleitk(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels and their affine to RAS."""
    sitk = pytest.importorskip("SimpleITK", reason="compares with SimpleITK")
    image = sitk.ReadImage(str(file))
    image = image[..., 0] if image.GetDimension() == 4 else image
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, np.diag([-1, -1, 1, 1]) @ affine


def read_with_slicer(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return voxels and their affine to RAS; AssertionError if Slicer refuses the file."""
    slicer = pytest.importorskip("slicer", reason="compares with slicer-core")
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = scene.AddNewNodeByClass("vtkMRMLVolumeArchetypeStorageNode")
    storage.SetFileName(str(file))
    assert storage.ReadData(node)
    matrix = vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return array_of(node.GetImageData()), np.reshape(matrix.GetData(), (4, 4))


def array_of(image) -> np.ndarray:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]).T
