"""Draws a scene off-screen with Slicer's own displayable managers.

    python -m slicer_stand_ins.offscreen_views SCENE.mrb R,A,S PICTURE.png

The left half is the 3D view of a head around the origin, seen from outside toward a point in mm; the right half is the
axial slice through the point. Run it in a process of its own: without OpenGL, VTK ends it with a segmentation fault.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from slicer_stand_ins.startup import start_application

SIZE = (600, 600)  # pixels


class View:
    """An off-screen window with the displayable managers that Slicer registers for a kind of view.

    Args:
        node: The view node or slice node to be drawn.
        factory: Slicer's displayable manager factory for the kind of view.
        managers: Names of displayable managers.
        size: Width and height in pixels.
    """

    def __init__(self, node: Any, factory: Any, managers: list[str], size: tuple[int, int]) -> None:
        import slicer
        import vtk

        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(True)
        self.window.SetMultiSamples(0)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self._size = size
        self._interactor = vtk.vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self.window)
        self._interactor.Initialize()
        factory.SetMRMLApplicationLogic(slicer.app.logic)
        for manager in managers:
            factory.RegisterDisplayableManager(f"vtkMRML{manager}")
        self._group = slicer.vtkMRMLDisplayableManagerGroup()
        self._group.SetRenderer(self.renderer)
        self._group.Initialize(factory, self.renderer)
        node.SetMappedInLayout(True)
        self._group.SetMRMLDisplayableNode(node)

    def resize(self, size: tuple[int, int]) -> None:
        """Change width and height, in pixels."""
        self.window.SetSize(*size)
        self._size = size

    def look_from(self, point: Any) -> None:
        """Point the camera of a 3D view at the origin from a direction, so that everything is visible."""
        self.window.Render()
        camera = self.renderer.GetActiveCamera()
        camera.SetFocalPoint(0, 0, 0)
        camera.SetPosition(*point)
        camera.SetViewUp(0, 0, 1)
        self.renderer.ResetCamera()

    def pixels(self) -> np.ndarray:
        """Return the view as an array of shape (height, width, 3)."""
        import vtk
        from vtk.util.numpy_support import vtk_to_numpy

        self.window.Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        width, height = self._size
        return vtk_to_numpy(grabber.GetOutput().GetPointData().GetScalars()).reshape(height, width, 3)[::-1]


def three_d_view(node: Any, size: tuple[int, int] = SIZE) -> View:
    """Return the view of a 3D view node; create it before a legend, or the legend is not drawn."""
    import slicer

    managers = [f"{kind}DisplayableManager" for kind in ("Camera", "View", "Model", "ColorLegend")]
    managers.append("SegmentationsDisplayableManager3D")
    return View(node, slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance(), managers, size)


def slice_view(node: Any, size: tuple[int, int] = SIZE) -> View:
    """Return the view of a slice node with the image of its slice logic; the shorter side keeps its field of view."""
    import slicer

    scale = max(node.GetFieldOfView()[:2]) / min(size)
    node.SetDimensions(*size, 1)
    node.SetFieldOfView(scale * size[0], scale * size[1], 1)
    managers = ["ModelSliceDisplayableManager", "SegmentationsDisplayableManager2D"]
    view = View(node, slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance(), managers, size)
    view.renderer.GetActiveCamera().ParallelProjectionOn()
    logic = slicer.app.logic.GetSliceLogic(node)
    if logic is not None and logic.GetImageDataConnection() is not None:
        view.renderer.AddActor2D(_image_of(logic))
    return view


def axial_slice(point: np.ndarray) -> np.ndarray:
    """Return a picture of the axial slice through a point, with the right of the head on the left."""
    import slicer

    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(slicer.app.logic)
    logic.SetMRMLScene(slicer.mrmlScene)
    node = logic.AddSliceNode("Red")
    node.SetOrientation("Axial")
    node.SetFieldOfView(240, 240, 1)
    node.SetXYZOrigin(0, 0, 0)
    node.JumpSliceByCentering(0, 0, point[2])
    return slice_view(node).pixels()


def _image_of(logic: Any) -> Any:
    import vtk

    mapper = vtk.vtkImageMapper()
    mapper.SetInputConnection(logic.GetImageDataConnection())
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.SetLayerNumber(0)
    return actor


def main(scene: str, point: str, picture: str) -> None:
    """Draw a scene file into a PNG file."""
    import slicer
    from PIL import Image

    application = start_application()
    logic = slicer.vtkMRMLViewLogic()
    logic.SetMRMLApplicationLogic(application.logic)
    logic.SetMRMLScene(application.scene)
    node = logic.AddViewNode("1")
    node.SetBoxVisible(False)
    node.SetAxisLabelsVisible(False)
    node.SetBackgroundColor(1, 1, 1)
    node.SetBackgroundColor2(1, 1, 1)
    view = three_d_view(node)
    assert application.scene.ReadFromMRB(scene)
    for segmentation in application.scene.GetNodesByClass("vtkMRMLSegmentationNode"):
        segmentation.CreateClosedSurfaceRepresentation()
    position = np.array([float(number) for number in point.split(",")])
    view.look_from(position)
    Image.fromarray(np.hstack([view.pixels(), axial_slice(position)])).save(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
