"""Draws a scene off-screen with Slicer's own displayable managers.

    python slicer_views.py SCENE.mrb R,A,S PICTURE.png

Left the 3D view of a head around the origin, from outside towards a point in mm; right the axial slice through the
point. It is a process of its own, because VTK ends it with a segmentation fault where there is no OpenGL.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from slicer_harness import boot

SIZE = 600  # pixels


class View:
    """A window without a screen, and the displayable managers that Slicer registers for a view of its kind."""

    def __init__(self, logic: Any, factory: Any, managers: list[str]) -> None:
        import slicer
        import vtk

        self.logic = logic
        logic.SetMRMLApplicationLogic(slicer.app.logic)
        logic.SetMRMLScene(slicer.mrmlScene)
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(True)
        self.window.SetMultiSamples(0)
        self.window.SetSize(SIZE, SIZE)
        self.window.AddRenderer(self.renderer)
        self._interactor = vtk.vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.window)
        self._interactor.Initialize()
        factory.SetMRMLApplicationLogic(slicer.app.logic)
        for manager in managers:
            factory.RegisterDisplayableManager(f"vtkMRML{manager}")
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.SetRenderer(self.renderer)
        self._group.Initialize(factory, self.renderer)

    def show(self, node: Any) -> None:
        """Let the view show the scene as its view node says."""
        node.SetMappedInLayout(True)
        self._group.SetMRMLDisplayableNode(node)

    def pixels(self) -> np.ndarray:
        """Return the view as an array of shape (height, width, 3)."""
        import vtk
        from vtk.util.numpy_support import vtk_to_numpy

        self.window.Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        return vtk_to_numpy(grabber.GetOutput().GetPointData().GetScalars()).reshape(SIZE, SIZE, 3)[::-1]


def view_3d() -> View:
    """Return a 3D view; a legend is drawn only in views that are there before it."""
    import slicer

    logic = slicer.vtkMRMLViewLogic()
    managers = [f"{kind}DisplayableManager" for kind in ("Camera", "View", "Model", "ColorLegend")]
    managers.append("SegmentationsDisplayableManager3D")
    view = View(logic, slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance(), managers)
    node = logic.AddViewNode("1")
    node.SetBoxVisible(False)
    node.SetAxisLabelsVisible(False)
    node.SetBackgroundColor(1, 1, 1)
    node.SetBackgroundColor2(1, 1, 1)
    view.show(node)
    return view


def seen_from(view: View, point: np.ndarray) -> np.ndarray:
    """Return the picture of the 3D view, towards a point from outside the head."""
    view.window.Render()
    camera = view.renderer.GetActiveCamera()
    camera.SetFocalPoint(0, 0, 0)
    camera.SetPosition(*point)
    camera.SetViewUp(0, 0, 1)
    view.renderer.ResetCamera()
    return view.pixels()


def axial_slice(point: np.ndarray) -> np.ndarray:
    """Return the picture of the axial slice through a point; the right of the head is on the left."""
    import slicer

    logic = slicer.vtkMRMLSliceLogic()
    managers = ["ModelSliceDisplayableManager", "SegmentationsDisplayableManager2D"]
    view = View(logic, slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance(), managers)
    view.renderer.GetActiveCamera().ParallelProjectionOn()
    node = logic.AddSliceNode("Red")
    view.show(node)
    node.SetOrientation("Axial")
    node.SetDimensions(SIZE, SIZE, 1)
    node.SetFieldOfView(240, 240, 1)
    node.SetXYZOrigin(0, 0, 0)
    node.JumpSliceByCentering(0, 0, point[2])
    return view.pixels()


def main(scene: str, point: str, picture: str) -> None:
    """Draw a scene file into a PNG file."""
    from PIL import Image

    application = boot()
    view = view_3d()
    assert application.scene.ReadFromMRB(scene)
    for segmentation in application.scene.GetNodesByClass("vtkMRMLSegmentationNode"):
        segmentation.CreateClosedSurfaceRepresentation()
    place = np.array([float(number) for number in point.split(",")])
    Image.fromarray(np.hstack([seen_from(view, place), axial_slice(place)])).save(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
