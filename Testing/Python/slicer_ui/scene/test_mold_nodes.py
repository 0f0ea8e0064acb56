"""The mold of a part in the scene: where its models lie, and what its table says."""

import numpy as np
import pytest
from slicer_ui.boxed_molds import MODELS, write_boxes

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]


@pytest.fixture
def boxes(tmp_path):
    """The folder of a mold of boxes, and its description."""
    return tmp_path / "mold", write_boxes(tmp_path / "mold")


@pytest.fixture
def part(scene):
    return scene.AddNewNodeByClass("vtkMRMLModelNode", "Plate")


def test_the_models_lie_where_the_files_say_and_leave_with_the_mold(part, scene, boxes):
    import slicer

    from CraNeXtLib.slicer_ui.scene.mold_nodes import add_mold, mold_models, remove_mold

    folder, description = boxes
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    part.SetAndObserveTransformNodeID(transform.GetID())
    add_mold(part, folder, description)
    models = mold_models(part)
    titles = {name: title for name, (title, _node) in models.items()}
    assert titles == {
        "mold_outer_1": "Mold: outer half, piece 1",
        "mold_outer_2": "Mold: outer half, piece 2",
        "mold_inner": "Mold: inner half",
        "molded_part": "Mold: molded part",
        "spring_ring": "Spring form: ring",
    }
    for name, right in MODELS.items():
        node = models[name][1]
        points = slicer.util.arrayFromModelPoints(node)
        np.testing.assert_allclose(points.min(axis=0), (right, 5, 7), atol=1e-4)
        assert node.GetTransformNodeID() == transform.GetID()
        assert not node.GetDisplayVisibility()
    assert (
        models["mold_inner"][1].GetDisplayNode().GetOpacity() < models["molded_part"][1].GetDisplayNode().GetOpacity()
    )
    add_mold(part, folder, description)  # which replaces the first
    assert scene.GetNumberOfNodesByClass("vtkMRMLModelNode") == len(MODELS) + 1
    remove_mold(part)
    assert mold_models(part) == {}
    left = [scene.GetNumberOfNodesByClass(f"vtkMRML{kind}Node") for kind in ("Model", "Table")]
    assert left == [1, 0]


def test_the_table_says_what_the_worker_measured(part, boxes):
    from CraNeXtLib.slicer_ui.scene.mold_nodes import add_mold, mold_rows

    folder, description = boxes
    table = add_mold(part, folder, description)
    rows = {name: (value, unit) for name, value, unit in mold_rows(description)}
    assert rows["Material needed"] == ("35.5", "mL")
    assert rows["Size"] == ("90 × 80 × 41", "mm")
    assert rows["Deepest undercut, filled"] == ("0.25", "mm")
    assert rows["Cavity off the part, at most"] == ("0.011", "mm")
    assert rows["Keys, vents, printed pieces"] == ("4, 3, 3", "")
    assert rows["Ring of the spring form"] == ("12.3", "mL")
    assert table.GetNumberOfRows() == len(rows)
    assert [table.GetCellText(0, column) for column in range(3)] == ["Material needed", "35.5", "mL"]
    assert "Ring of the spring form" not in {row[0] for row in mold_rows(description | {"spring_form": None})}


def test_a_missing_file_leaves_the_scene_as_it_was(part, scene, boxes):
    from CraNeXtLib.core.errors import InputError
    from CraNeXtLib.slicer_ui.scene.mold_nodes import add_mold

    folder, description = boxes
    (folder / "molded_part.stl").unlink()
    before = scene.GetNumberOfNodes()
    with pytest.raises(InputError, match=r"molded_part\.stl"):
        add_mold(part, folder, description)
    assert scene.GetNumberOfNodes() == before
