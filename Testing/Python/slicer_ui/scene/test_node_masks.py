"""Sentences of the worker name nodes in place of its files."""

from types import SimpleNamespace

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]


def test_only_whole_names_of_files_become_names_of_nodes(scene):  # noqa: ARG001 (its modules import slicer)
    from CraNeXtLib.slicer_ui.scene.node_masks import NodeMask, with_node_names

    masks = {"part": NodeMask(SimpleNamespace(GetName=lambda: r"Plate\1"), None, None)}
    told = with_node_names("part.stl is thin; molded_part.stl has them.", masks)
    assert told == r"Plate\1 is thin; molded_part.stl has them."
