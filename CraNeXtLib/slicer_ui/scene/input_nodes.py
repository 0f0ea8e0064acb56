"""Skulls and CTs that were read from files, as nodes with a surface that is quick to draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk
from scipy import ndimage
from vtk.util.numpy_support import numpy_to_vtk

from CraNeXtLib.geometry.fairing import faired_mesh
from CraNeXtLib.geometry.poly_data import poly_data
from CraNeXtLib.geometry.resampling import shrink
from CraNeXtLib.geometry.surface_extraction import surface_of_field
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.scene.implant_nodes import BONE_COLOR, SKULL_TERM
from CraNeXtLib.slicer_ui.scene.node_volumes import matrix_of, oriented_image
from CraNeXtLib.slicer_ui.scene.result_nodes import ANATOMY, Segment, fill_segments
from CraNeXtLib.slicer_ui.scene.worker_files import shaded
from CraNeXtLib.slicer_ui.translation import _

_DISPLAY_MM = 2.0  # of a block of voxels; a head has about 200,000 triangles then, which software draws at once
_BLUR = 0.7  # standard deviation in blocks; it flattens their stairs and keeps plates of a block
_TOLERANCE_MM = 1.0  # of fairing what is left of them: half a block
_SURFACE_AT = 0.4  # of a block filled with bone; a half would lose more of thin bone
_BONE_WINDOW = (1500.0, 400.0)  # width and level, in HU


def display_surface(bone: Volume) -> Any:
    """Return the surface of a mask on blocks of its voxels, smooth and with few triangles, as poly data in RAS mm.

    Args:
        bone: Mask of type bool, not empty.
    """
    filled = shrink(bone, _DISPLAY_MM)
    field = _SURFACE_AT - ndimage.gaussian_filter(filled.voxels, _BLUR, mode="constant")
    stepped = surface_of_field(filled.with_voxels(field), iterations=0)
    return shaded(poly_data(faired_mesh(stepped, _TOLERANCE_MM)))


def add_skull(skull: Volume, name: str, surface: Any = None) -> Any:
    """Add the mask of a skull to the scene as a segmentation, and return its node.

    Args:
        skull: The mask.
        name: Name of the node.
        surface: Its surface as poly data; None for a skull that 3D does not show.
    """
    node = host().scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    title = _("Skull")
    fill_segments(node, skull, [Segment(title, title, oriented_image(skull), 1, BONE_COLOR, ANATOMY, SKULL_TERM)])
    if surface is not None:
        kind = slicer.vtkSegmentationConverter.GetClosedSurfaceRepresentationName()
        node.GetSegmentation().GetSegment(title).AddRepresentation(kind, surface)
    return node


def add_ct(ct: Volume, name: str) -> Any:
    """Add a CT to the scene as a volume in a window for bone, and return its node."""
    node = host().scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    image = vtk.vtkImageData()
    image.SetDimensions(ct.shape)
    voxels = ct.voxels if ct.voxels.dtype in (np.int16, np.float32) else ct.voxels.astype(np.float32)
    image.GetPointData().SetScalars(numpy_to_vtk(voxels.ravel(order="F"), deep=True))
    node.SetAndObserveImageData(image)
    node.SetIJKToRASMatrix(matrix_of(ct.affine))
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(*_BONE_WINDOW)
    return node


def add_empty_background(like: Volume, name: str) -> Any:
    """Add an empty labelmap with the geometry of a mask, which gives the slices their range, and return its node."""
    node = host().scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
    image = vtk.vtkImageData()
    image.SetDimensions(like.shape)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    image.GetPointData().GetScalars().Fill(0)
    node.SetAndObserveImageData(image)
    node.SetIJKToRASMatrix(matrix_of(like.affine))
    node.CreateDefaultDisplayNodes()
    node.SetHideFromEditors(True)
    return node


def add_bone_preview(surface: Any, name: str) -> Any:
    """Add the surface of a CT's bone at a threshold, for 3D, and return its node."""
    node = host().scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(surface)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetColor(BONE_COLOR)
    node.SetSaveWithScene(False)
    return node
