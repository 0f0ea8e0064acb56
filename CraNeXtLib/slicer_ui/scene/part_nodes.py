"""The finished part in the scene: its surface, maps of its fit, and its screws and holes."""

from __future__ import annotations

from itertools import count, takewhile
from pathlib import Path
from typing import Any

from CraNeXtLib.slicer_ui.scene.fixation_nodes import FIXATION_MARKUPS, add_fixation, read_fixation
from CraNeXtLib.slicer_ui.scene.map_nodes import fill_map, read_map
from CraNeXtLib.slicer_ui.scene.mold_nodes import remove_mold
from CraNeXtLib.slicer_ui.scene.removal import remove_node
from CraNeXtLib.slicer_ui.scene.result_nodes import add_model, place_beside
from CraNeXtLib.slicer_ui.scene.result_references import PART, referenced_node, set_referenced_node
from CraNeXtLib.slicer_ui.scene.worker_files import read_surface
from CraNeXtLib.slicer_ui.translation import _

FINISHED, FIT_MAPS = "finished_implant", "fit_maps.vtp"
"""File names. Repeated here because the module that writes the files imports packages that Slicer lacks."""

FIXATION = "CraNeXt.Fixation"
"""Role of the markups of screws and holes that a part references."""

SEGMENTS = "CraNeXt.Segments"
"""Role of the models of a part's segments, in the order in which they go in."""

SEGMENT_FILES = "finished_implant_segment_{}.stl"

_SEGMENT_COLORS = ((0.35, 0.75, 0.85), (0.9, 0.65, 0.3), (0.55, 0.75, 0.4), (0.75, 0.5, 0.75))

PART_COLOR = (0.35, 0.75, 0.85)


def fit_titles() -> dict[str, tuple[str, str]]:
    """Return the node name and legend title of each fit map, by the name of its point array."""
    return {
        "gap_mm": (_("{name} gap to bone"), _("Gap [mm]")),
        "thickness_mm": (_("{name} thickness"), _("Thickness [mm]")),
        "symmetry_mm": (_("{name} beyond mirrored side"), _("Beyond [mm]")),
    }


def add_part(segmentation: Any, folder: Path, name: str) -> Any:
    """Put the part that the worker wrote into the scene, replacing an earlier one, and return its model node.

    Args:
        segmentation: The reconstruction that the part belongs to.
        folder: Folder of the worker's files.
        name: Name of the input node.

    Raises:
        InputError: If a file cannot be read.
    """
    surface = read_surface(folder / f"{FINISHED}.stl")
    maps = {scalars: read_map(folder / FIT_MAPS, scalars) for scalars in fit_titles()}
    segments = [read_surface(path) for path in _segments_in(folder)]
    points = read_fixation(folder / FIXATION_MARKUPS) if (folder / FIXATION_MARKUPS).is_file() else None
    remove_part(segmentation)
    scene = segmentation.GetScene()
    title = _("{name} finished part").format(name=name)
    part = add_model(title, surface, PART_COLOR, beside=segmentation, shown=True)
    set_referenced_node(segmentation, PART, part)
    for scalars, data in maps.items():
        if data is None:
            continue
        title, legend = fit_titles()[scalars]
        node = scene.AddNewNodeByClass("vtkMRMLModelNode", title.format(name=name))
        fill_map(node, data, title=legend)
        node.SetDisplayVisibility(False)  # it coincides with the part
        place_beside(node, segmentation)
        set_referenced_node(part, scalars, node)
    for number, segment in enumerate(segments, 1):
        title = _("{name} segment {number}").format(name=name, number=number)
        color = _SEGMENT_COLORS[(number - 1) % len(_SEGMENT_COLORS)]
        node = add_model(title, segment, color, beside=segmentation)
        part.AddNodeReferenceID(SEGMENTS, node.GetID())
    if points is not None:
        add_fixation(scene, points, _("{name} screws and holes").format(name=name))
        place_beside(points, segmentation)
        set_referenced_node(part, FIXATION, points)
    return part


def segments_of(part: Any) -> list[Any]:
    """Return the models of a part's segments in the order in which they go in; none of a part in one."""
    return [part.GetNthNodeReference(SEGMENTS, number) for number in range(part.GetNumberOfNodeReferences(SEGMENTS))]


def _segments_in(folder: Path) -> list[Path]:
    """Return the worker's files of segments in their order."""
    numbered = (folder / SEGMENT_FILES.format(number) for number in count(1))
    return [*takewhile(Path.is_file, numbered)]


def remove_part(segmentation: Any) -> None:
    """Remove a result's part from the scene, for example because it is out of date, with its maps, screws and mold."""
    part = referenced_node(segmentation, PART)
    if part is None:
        return
    remove_mold(part)
    nodes = [referenced_node(part, role) for role in (*fit_titles(), FIXATION)]
    for node in (*nodes, *segments_of(part), part):
        remove_node(node)
