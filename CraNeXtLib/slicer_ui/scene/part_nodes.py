"""The part to be made in the scene: its surface, and how it fits painted on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CraNeXtLib.slicer_ui.scene.evaluation_nodes import fill_map, read_map
from CraNeXtLib.slicer_ui.scene.result_nodes import place_beside
from CraNeXtLib.slicer_ui.scene.result_references import PART, refer, referred
from CraNeXtLib.slicer_ui.scene.scene_volumes import read_surface
from CraNeXtLib.slicer_ui.translation import _

FINISHED, FIT_MAPS = (
    "finished_implant",
    "fit_maps.vtp",
)  # files of CraNeXtLib.cases.checked_part, which needs too much here
PART_COLOR = (0.35, 0.75, 0.85)


def fit_titles() -> dict[str, tuple[str, str]]:
    """Return what each map of the fit is called and the title of its legend, by the name of its numbers."""
    return {
        "gap_mm": (_("{name} gap to the bone"), _("Gap [mm]")),
        "thickness_mm": (_("{name} thickness"), _("Thickness [mm]")),
        "symmetry_mm": (_("{name} beyond the mirrored side"), _("Beyond [mm]")),
    }


def add_part(segmentation: Any, folder: Path, name: str) -> Any:
    """Put the part that the worker wrote into the scene, in place of an earlier one, and return its model.

    Args:
        segmentation: The reconstruction that the part belongs to.
        folder: Of the worker's files.
        name: Of the patient's node.

    Raises:
        InputError: If a file cannot be read.
    """
    surface = read_surface(folder / f"{FINISHED}.stl")
    maps = {scalars: read_map(folder / FIT_MAPS, scalars) for scalars in fit_titles()}
    remove_part(segmentation)
    scene = segmentation.GetScene()
    part = scene.AddNewNodeByClass("vtkMRMLModelNode", _("{name} part to be made").format(name=name))
    part.SetAndObservePolyData(surface)
    part.CreateDefaultDisplayNodes()
    part.GetDisplayNode().SetColor(PART_COLOR)
    place_beside(part, segmentation)
    refer(segmentation, PART, part)
    for scalars, data in maps.items():
        if data is None:
            continue
        title, legend = fit_titles()[scalars]
        node = scene.AddNewNodeByClass("vtkMRMLModelNode", title.format(name=name))
        fill_map(node, data, title=legend)
        node.SetDisplayVisibility(False)  # it lies where the part does
        place_beside(node, segmentation)
        refer(part, scalars, node)
    return part


def remove_part(segmentation: Any) -> None:
    """Take a result's part and its maps out of the scene, as when it is out of date."""
    part = referred(segmentation, PART)
    if part is None:
        return
    nodes = [referred(part, scalars) for scalars in fit_titles()]
    for node in (*nodes, part):
        if node is not None:
            segmentation.GetScene().RemoveNode(node)
