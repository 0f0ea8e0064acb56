"""Screws and holes in the scene: where the points lie, and what the table lists."""

from dataclasses import asdict

import pytest

from CraNeXtLib.cases.fixation_files import write_fixation
from CraNeXtLib.implant.finishing import FinishedPiece
from CraNeXtLib.implant.finishing.hole_candidates import Hole
from CraNeXtLib.implant.finishing.plates import Plate

pytest_plugins = ["slicer_stand_ins.pytest_plugin"]

UP = (0.0, 0.0, 1.0)


@pytest.fixture
def piece():
    screws = tuple(
        Hole(purpose, place, UP, 1.5, 4.2, 3.3, None)
        for purpose, place in (("screw in part", (11.0, -22.0, 33.0)), ("screw in bone", (14.0, -20.0, 32.0)))
    )
    plate = Plate("straight", (12.0, -21.0, 32.5), (1.0, 0.0, 0.0), UP, 40.0, 0.0, screws)
    hole = Hole("suture", (1.0, 2.0, 3.0), UP, 2.0, 5.0, 6.0, 20.0)
    return FinishedPiece(UP, 10.0, 9.0, 0.1, 0, 1, (plate,), (hole,))


def test_the_points_lie_where_the_file_says_and_cannot_be_moved(scene, piece, tmp_path):
    from CraNeXtLib.slicer_ui.scene.fixation_nodes import FIXATION_MARKUPS, add_fixation, read_fixation

    write_fixation([piece], tmp_path)
    node = read_fixation(tmp_path / FIXATION_MARKUPS)
    assert node.GetScene() is None
    add_fixation(scene, node, "Screws")
    points = [tuple(node.GetNthControlPointPosition(number)) for number in range(node.GetNumberOfControlPoints())]
    assert points == [(11.0, -22.0, 33.0), (14.0, -20.0, 32.0), (1.0, 2.0, 3.0)]
    labels = [node.GetNthControlPointLabel(number) for number in range(3)]
    assert labels == ["screw in part, plate 1", "screw in bone, plate 1", "suture"]
    assert node.GetLocked()
    assert node.GetStorageNode() is None  # the worker's file is temporary


def test_the_table_lists_each_screw_and_hole_with_its_piece_if_there_are_several(piece):
    from CraNeXtLib.slicer_ui.scene.fixation_nodes import fixation_rows

    one = fixation_rows({"finishing": {"pieces": [asdict(piece)]}})
    assert one == [
        ("plate 1, screw in the part", "⌀ 1.5, depth 4.2 mm", (11.0, -22.0, 33.0)),
        ("plate 1, screw in the bone", "⌀ 1.5, depth 4.2 mm", (14.0, -20.0, 32.0)),
        ("suture hole", "⌀ 2.0, depth 5.0 mm", (1.0, 2.0, 3.0)),
    ]
    two = fixation_rows({"finishing": {"pieces": [asdict(piece)] * 2}})
    assert [name for name, _size, _place in two[2:4]] == ["Piece 1: suture hole", "Piece 2: plate 1, screw in the part"]
    assert fixation_rows({}) == []
