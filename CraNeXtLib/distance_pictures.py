"""Pictures of distance maps: the mesh from several sides, with a legend in millimetres."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from CraNeXtLib.atomic_files import replacing
from CraNeXtLib.distance_maps import DistanceMap, poly_data

PANEL = (750, 640)  # pixels of one view
LEGEND_HEIGHT = 120  # pixels
UNMEASURED = (0.78, 0.78, 0.76)


def write_distance_picture(
    distances: DistanceMap,
    path: str | Path,
    *,
    views: Mapping[str, np.ndarray],
    title: str,
    legend: str,
    limit_mm: float | None = None,
) -> None:
    """Draw a map from one or several sides and write it as PNG.

    Signed distances run from blue (negative) over white to red, unsigned ones from white to red; where nothing is
    measured the mesh is grey.

    Args:
        distances: What to draw.
        path: The PNG file.
        views: RAS direction from the mesh to the eye, shape (3,), by the words that tell it; see ``views_from``.
        title: What the picture shows.
        legend: What the colours mean, with their unit.
        limit_mm: Distance at the ends of the colours; by default the 98th percentile, at least 1 mm.

    Raises:
        InputError: If the file cannot be written.
    """
    from vtkmodules.vtkIOImage import vtkPNGWriter
    from vtkmodules.vtkRenderingCore import vtkRenderer, vtkWindowToImageFilter

    measured = distances.values_mm[np.isfinite(distances.values_mm)]
    if limit_mm is None:
        limit_mm = np.ceil(2 * np.percentile(np.abs(measured), 98)) / 2 if measured.size else 1.0
    colours = _colours(max(float(limit_mm), 1.0), signed=bool(measured.size) and measured.min() < -1e-6)
    rows = -(-len(views) // 2)
    height = rows * PANEL[1] + LEGEND_HEIGHT
    bottom = LEGEND_HEIGHT / height
    with _window(2 * PANEL[0], height) as window:
        strip = vtkRenderer()
        strip.SetViewport(0, 0, 1, bottom)
        strip.AddViewProp(_colour_bar(colours))
        strip.AddViewProp(_text(legend, 0.5, 0.95, centred=True))
        renderers = [strip]
        for number, (words, direction) in enumerate(views.items()):
            row, column = rows - 1 - number // 2, number % 2
            low, high = (bottom + (1 - bottom) * r / rows for r in (row, row + 1))
            renderer = vtkRenderer()
            renderer.SetViewport(column / 2, low, (column + 1) / 2, high)
            renderer.AddViewProp(_actor(distances, colours))
            renderer.AddViewProp(_text(f"{title}, {words}", 0.03, 0.97))
            _look(renderer, distances.mesh.vertices, direction)
            renderers.append(renderer)
        for renderer in renderers:
            renderer.SetBackground(1, 1, 1)
            window.AddRenderer(renderer)
        window.Render()
        grab = vtkWindowToImageFilter()
        grab.SetInput(window)
        grab.ReadFrontBufferOff()
        with replacing(path) as temporary:
            writer = vtkPNGWriter()
            writer.SetInputConnection(grab.GetOutputPort())
            writer.SetFileName(str(temporary))
            writer.Write()


def views_from(outside: np.ndarray, *, oblique: bool = False) -> dict[str, np.ndarray]:
    """Return views for a picture: from outside and inside the head, or four oblique ones that show an implant's rim.

    Args:
        outside: RAS direction from the head's middle to the implant, shape (3,).
        oblique: Look from outside, tilted to four sides.
    """
    outside = np.asarray(outside, dtype=float) / np.linalg.norm(outside)
    if not oblique:
        return {"from outside": outside, "from inside": -outside}
    views = {}
    for words, axis in {"left": (-1, 0, 0), "right": (1, 0, 0), "front": (0, 1, 0), "back": (0, -1, 0)}.items():
        sideways = np.array(axis) - (outside @ axis) * outside
        if np.linalg.norm(sideways) < 0.5:  # the implant itself is on this side or opposite to it
            words, sideways = ("above", np.array([0, 0, 1])) if sum(axis) > 0 else ("below", np.array([0, 0, -1]))
            sideways = sideways - (outside @ sideways) * outside
        views[f"outside and {words}"] = outside + 1.5 * sideways / np.linalg.norm(sideways)
    return views


@contextmanager
def _window(width: int, height: int) -> Iterator[Any]:
    """Give an off-screen window; VTK's complaint that there is no display stays off the terminal."""
    import vtkmodules.vtkRenderingFreeType
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401 - both register the classes that draw
    from vtkmodules.vtkCommonCore import vtkLogger
    from vtkmodules.vtkRenderingCore import vtkRenderWindow

    verbosity = vtkLogger.GetCurrentVerbosityCutoff()
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    try:
        window = vtkRenderWindow()
        window.SetOffScreenRendering(1)
        window.SetMultiSamples(8)
        window.SetSize(width, height)
        yield window
        window.Finalize()
    finally:
        vtkLogger.SetStderrVerbosity(verbosity)


def _colours(limit_mm: float, signed: bool) -> Any:
    from vtkmodules.vtkRenderingCore import vtkColorTransferFunction

    colours = vtkColorTransferFunction()
    if signed:
        colours.AddRGBPoint(-limit_mm, 0.13, 0.32, 0.66)
    colours.AddRGBPoint(0.0, 0.96, 0.96, 0.94)
    colours.AddRGBPoint(limit_mm, 0.75, 0.13, 0.15)
    colours.SetNanColor(*UNMEASURED)
    return colours


def _actor(distances: DistanceMap, colours: Any) -> Any:
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

    normals = vtkPolyDataNormals()
    normals.SetInputData(poly_data(distances.mesh, {distances.name: distances.values_mm}))
    normals.SplittingOff()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(normals.GetOutputPort())
    mapper.SetLookupTable(colours)
    mapper.InterpolateScalarsBeforeMappingOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetAmbient(0.25)
    actor.GetProperty().SetDiffuse(0.75)
    return actor


def _colour_bar(colours: Any) -> Any:
    from vtkmodules.vtkRenderingAnnotation import vtkScalarBarActor

    bar = vtkScalarBarActor()
    bar.SetLookupTable(colours)
    bar.SetOrientationToHorizontal()
    bar.SetNumberOfLabels(5)
    bar.SetLabelFormat("%.2f")
    bar.UnconstrainedFontSizeOn()
    bar.SetPosition(0.25, 0.05)
    bar.SetPosition2(0.5, 0.55)
    _style(bar.GetLabelTextProperty())
    return bar


def _text(words: str, x: float, y: float, *, centred: bool = False) -> Any:
    from vtkmodules.vtkRenderingCore import vtkTextActor

    text = vtkTextActor()
    text.SetInput(words)
    _style(text.GetTextProperty())
    if centred:
        text.GetTextProperty().SetJustificationToCentered()
    text.GetTextProperty().SetVerticalJustificationToTop()
    text.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    text.SetPosition(x, y)
    return text


def _style(text: Any) -> None:
    text.SetColor(0.1, 0.1, 0.1)
    text.SetFontSize(20)
    text.ItalicOff()
    text.BoldOff()
    text.ShadowOff()


def _look(renderer: Any, vertices: np.ndarray, direction: np.ndarray) -> None:
    """Look at the mesh against a direction, with the head upright, or its front upwards where one looks from above."""
    middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    direction = direction / np.linalg.norm(direction)
    camera = renderer.GetActiveCamera()
    camera.SetFocalPoint(*middle)
    camera.SetPosition(*(middle + 100 * direction))
    camera.SetViewUp(*((0, 0, 1) if abs(direction[2]) < 0.8 else (0, 1, 0)))
    camera.ParallelProjectionOn()
    renderer.ResetCamera()
    camera.Zoom(1.2)
