"""Choice of a segment of the node that another control chooses."""

from __future__ import annotations

from typing import Any

from CraNeXtLib.slicer_ui.translation import _
from CraNeXtLib.slicer_ui.widgets.parameter_binding import ParameterBinding


class SegmentChoice:
    """Choice of a segment of a node; hidden while the node does not have several segments.

    Of several segments none is chosen until the user does, but for the default one: the first may be the brain.

    Args:
        selector: The ``qMRMLSegmentSelectorWidget``.
        label: Its label.
        binding: The module's parameters.
        parameter: Name of the parameter that holds the segment's ID.
        default: ID of the segment that is chosen by default if the node has it.
    """

    def __init__(
        self, selector: Any, label: Any, binding: ParameterBinding, parameter: str, default: str | None = None
    ) -> None:
        self._selector = selector
        self._label = label
        self._binding = binding
        self._parameter = parameter
        self._default = default
        self._node_id: str | None = None
        self._updating = False
        selector.noneEnabled = True
        selector.connect("currentSegmentChanged(QString)", self._chosen)

    def update(self, node: Any) -> None:
        """Show the segments of a node; the node may be None or not a segmentation."""
        before, self._node_id = self._node_id, None if node is None else node.GetID()
        ids = _segment_ids(node)
        for widget in (self._selector, self._label):
            widget.setVisible(len(ids) > 1)
        if node is None or not node.IsA("vtkMRMLSegmentationNode"):
            return
        chosen = getattr(self._binding.parameters, self._parameter)
        if before not in (None, self._node_id) or chosen not in ids:  # IDs such as Segment_1 are those of many nodes
            chosen = self._default if self._default in ids else ids[0] if len(ids) == 1 else ""
        self._updating = True
        try:
            if self._selector.currentNode() is not node:
                self._selector.setCurrentNode(node)
            if self._selector.currentSegmentID() != chosen:
                self._selector.setCurrentSegmentID(chosen)
        finally:
            self._updating = False
        self._store(chosen)

    def segment_id(self, node: Any) -> str | None:
        """Return the ID of the chosen segment, None if the node is not a segmentation."""
        if node is None or not node.IsA("vtkMRMLSegmentationNode"):
            return None
        return getattr(self._binding.parameters, self._parameter) or None

    def missing(self, node: Any) -> str:
        """Return a sentence on what to do before the node can be used; empty if it can be."""
        if len(_segment_ids(node)) < 2 or getattr(self._binding.parameters, self._parameter):
            return ""
        return _("Choose a “Segment” of {name}.").format(name=node.GetName())

    def _chosen(self, segment_id: str) -> None:
        if self._updating or not self._binding.connected:
            return
        stored = getattr(self._binding.parameters, self._parameter)
        # When the chosen segment is deleted, Slicer chooses the first one.
        deleted = stored and stored not in _segment_ids(self._selector.currentNode())
        self._store("" if deleted else segment_id)

    def _store(self, segment_id: str) -> None:
        if getattr(self._binding.parameters, self._parameter) != segment_id:
            setattr(self._binding.parameters, self._parameter, segment_id)


def _segment_ids(node: Any) -> list[str]:
    if node is None or not node.IsA("vtkMRMLSegmentationNode"):
        return []
    segmentation = node.GetSegmentation()
    return [segmentation.GetNthSegmentID(number) for number in range(segmentation.GetNumberOfSegments())]


def reason_skull_unusable(node: Any) -> str:
    """Return a sentence on what to do before the chosen skull can be used; empty if it can be used.

    Args:
        node: A segmentation or a volume, or None.
    """
    if node is None:
        return _("Choose a skull under “Skull”, or press “Try it with a sample”.")
    if node.IsA("vtkMRMLSegmentationNode") and not node.GetSegmentation().GetNumberOfSegments():
        return _("{name} has no segments. Choose another node under “Skull”.").format(name=node.GetName())
    return ""
