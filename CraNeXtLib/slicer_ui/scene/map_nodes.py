"""Distance maps in the scene: models colored by distance in millimeters, with a legend."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from CraNeXtLib.geometry.mesh import Mesh
from CraNeXtLib.geometry.poly_data import poly_data
from CraNeXtLib.pictures.distance_pictures import color_range, colors_of
from CraNeXtLib.slicer_ui.host import host
from CraNeXtLib.slicer_ui.scene.worker_files import read_surface, shaded

_COLOR_STEPS = 256
_LEGEND_SIZE = (0.1, 0.4)  # fraction of the view; its text scales with it, and a larger one would cover the head
_AMBIENT = 0.5  # enough for a rim seen edge-on to show its colors


def read_map(path: Path, name: str | None = None) -> Any:
    """Read a distance map as poly data in RAS mm, without unmeasured faces.

    Unmeasured faces are dropped because Slicer does not save the color of NaN, so a reopened scene would show them in
    a different color.

    Args:
        path: The ``.vtp`` file.
        name: Name of the point array; the file's active scalars by default.

    Returns:
        The poly data, or None if nothing was measured.

    Raises:
        InputError: If the file cannot be read.
    """
    data = read_surface(path)
    scalars = data.GetPointData().GetArray(name) if name else data.GetPointData().GetScalars()
    values, points = vtk_to_numpy(scalars), vtk_to_numpy(data.GetPoints().GetData())
    faces = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    faces = faces[np.isfinite(values)[faces].all(axis=1)]
    if not len(faces):
        return None
    used, faces = np.unique(faces, return_inverse=True)
    return shaded(poly_data(Mesh(points[used], faces.reshape(-1, 3)), {scalars.GetName(): values[used]}))


def fill_map(node: Any, data: Any, *, title: str) -> None:
    """Put a distance map into a model node, in colors and with a legend.

    Args:
        node: The model node.
        data: Poly data whose active scalars are distances in mm.
        title: Title of the legend.
    """
    scalars = data.GetPointData().GetScalars()
    low, high = color_range(vtk_to_numpy(scalars))
    node.SetAndObservePolyData(data)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetActiveScalar(scalars.GetName(), vtk.vtkAssignAttribute.POINT_DATA)
    display.SetAndObserveColorNodeID(_color_table(node.GetScene(), signed=low < 0).GetID())
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(low, high)
    display.SetScalarVisibility(True)
    display.SetAmbient(_AMBIENT)
    display.SetDiffuse(1 - _AMBIENT)
    legend = host().module_logic("colors").AddDefaultColorLegendDisplayNode(node)
    legend.SetTitleText(title)
    legend.SetSize(*_LEGEND_SIZE)
    legend.SetLabelFormat("%.2f")
    legend.SetNumberOfLabels(5)
    legend.SetMaxNumberOfColors(_COLOR_STEPS)


def _color_table(scene: Any, *, signed: bool) -> Any:
    """Return the color table for signed or unsigned distances, created once per scene."""
    name = "CraNeXt signed distance" if signed else "CraNeXt distance"
    tag = name.replace(" ", "")
    node = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if node is None:
        node = slicer.vtkMRMLColorTableNode()
        node.SetSingletonTag(tag)
        node.SetName(name)
        node.SetTypeToUser()
        node.SetNumberOfColors(_COLOR_STEPS)
        steps = np.linspace(-1 if signed else 0, 1, _COLOR_STEPS)
        for number, (value, color) in enumerate(zip(steps, colors_of(steps, 1, signed=signed), strict=True)):
            node.SetColor(number, f"{value:.3f}", *color, 1.0)
        node.SetHideFromEditors(False)
        node = scene.AddNode(node)
    return node
