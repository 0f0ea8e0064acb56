"""Nodes by class, which do not stay in memory after they are removed."""

import re

import pytest
from repository import REPOSITORY


def test_a_removed_node_is_freed():
    slicer = pytest.importorskip("slicer", reason="needs the package slicer-core")
    import vtk

    from CraNeXtLib.slicer_ui.scene.scene_nodes import nodes_of_class

    scene, freed = slicer.vtkMRMLScene(), []
    first, second = (scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name) for name in ("First", "Second"))
    scene.AddNewNodeByClass("vtkMRMLModelNode", "Model")
    assert nodes_of_class(scene, "vtkMRMLVolumeNode") == [first, second]
    assert nodes_of_class(scene, "vtkMRMLTableNode") == []
    first.AddObserver(vtk.vtkCommand.DeleteEvent, lambda *_event: freed.append("First"))
    scene.RemoveNode(first)
    del first
    assert freed == ["First"]


def test_no_file_asks_a_scene_for_a_collection_that_python_never_frees():
    asked = re.compile(r"\.Get(NodesByClass|NodesByName|NodesByClassByName|ReferencedNodes)\(")
    files = (REPOSITORY / "CraNeXtLib" / "slicer_ui").rglob("*.py")
    assert [file.name for file in files if asked.search(file.read_text(encoding="utf-8"))] == []
