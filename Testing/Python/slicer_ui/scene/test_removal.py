"""Nodes leave the scene with what belongs to them alone."""

from slicer_stand_ins.nodes import nodes

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]


def test_display_and_storage_nodes_leave_with_their_node_and_others_stay(scene):
    from CraNeXtLib.slicer_ui.scene.removal import remove_node

    kept = scene.AddNewNodeByClass("vtkMRMLModelNode", "Kept")
    kept.CreateDefaultDisplayNodes()
    before = nodes(scene)
    removed = scene.AddNewNodeByClass("vtkMRMLModelNode", "Removed")
    removed.CreateDefaultDisplayNodes()
    removed.AddDefaultStorageNode()
    assert len(nodes(scene)) == len(before) + 3
    remove_node(removed)
    assert nodes(scene) == before
    remove_node(removed)  # it has no scene now
    remove_node(None)
    assert nodes(scene) == before
