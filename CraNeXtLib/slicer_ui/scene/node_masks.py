"""The masks of a run from nodes: segments and labelmaps as voxels, models as surfaces that the worker fills."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.slicer_ui.scene.node_volumes import mask_of
from CraNeXtLib.slicer_ui.scene.worker_files import write_mask, write_model
from CraNeXtLib.slicer_ui.translation import _


@dataclass(frozen=True, eq=False)
class NodeMask:
    """A skull or implant in a node, in the node's own coordinates (without its transform).

    Attributes:
        node: A segmentation, a labelmap volume or a model.
        segment: ID of the segment, if the node is a segmentation and one was chosen.
        voxels: The mask; None for a model, which is in RAS and mm as everything in a scene, but not in voxels.
    """

    node: Any
    segment: str | None
    voxels: Volume | None

    @classmethod
    def of(cls, node: Any, segment: str | None = None) -> NodeMask:
        """Read the mask in a node.

        Raises:
            InputError: If the node is of another kind, is empty, or holds several masks.
        """
        if node is None or not is_model(node):
            return cls(node, segment, mask_of(node, segment))
        if node.GetPolyData() is None or not node.GetPolyData().GetNumberOfCells():
            raise InputError(_("{name} is empty. Choose another node.").format(name=node.GetName()))
        return cls(node, None, None)

    def file_name(self, role: str) -> str:
        """Return the name of the file that the worker gets, after the mask's role."""
        return f"{role}.{'stl' if self.voxels is None else 'nrrd'}"

    def write(self, folder: Path, role: str) -> str:
        """Write the mask into a folder, and return the path of the file.

        Raises:
            InputError: If the file cannot be written.
        """
        path = folder / self.file_name(role)
        if self.voxels is None:
            write_model(self.node, path)
        else:
            write_mask(self.voxels, path)
        return str(path)


def is_model(node: Any) -> bool:
    """Return whether a node is a surface."""
    return node.IsA("vtkMRMLModelNode")


def written(masks: Mapping[str, NodeMask], folder: Path) -> dict[str, str]:
    """Write masks into a folder, and return the paths of the files by role."""
    return {role: mask.write(folder, role) for role, mask in masks.items()}


def with_node_names(text: str, masks: Mapping[str, NodeMask]) -> str:
    """Return a sentence of the worker in which its files are named by their nodes, which the user knows."""
    for role, mask in masks.items():
        name = mask.node.GetName().replace("\\", r"\\")  # which a replacement would read as an escape
        text = re.sub(rf"(?<!\w){re.escape(mask.file_name(role))}", name, text)
    return text


def check_transforms(*masks: NodeMask) -> None:
    """Refuse nodes that lie under different transforms, since each is taken in its own coordinates.

    Raises:
        InputError: If they do.
    """
    if len({mask.node.GetTransformNodeID() for mask in masks}) > 1:
        names = ", ".join(dict.fromkeys(mask.node.GetName() for mask in masks))
        raise InputError(
            _("These nodes are under different transforms: {names}. Harden them, or use the same one for all.").format(
                names=names
            )
        )
