"""Plates and holes as a table and as markups, one row and one point each."""

import csv
import json
from dataclasses import asdict

from CraNeXtLib.cases.fixation_files import write_fixation
from CraNeXtLib.cases.report.fixation_rows import fixation_places, fixation_rows
from CraNeXtLib.implant.finishing.finished_implant import FinishedPiece
from CraNeXtLib.implant.finishing.hole_candidates import Hole
from CraNeXtLib.implant.finishing.plates import Plate
from CraNeXtLib.implant.finishing.spur import Spur

UP = (0.0, 0.0, 1.0)
PART, BONE, SUTURE = (
    Hole("screw in part", (1.0, 2.0, 3.5), UP, 1.5, 4.25, 5.0, 20.1),
    Hole("screw in bone", (11.0, 2.0, 3.5), UP, 1.5, 6.0, 3.25, 30.1),
    Hole("suture", (-4.0, 5.0, 6.0), UP, 5.0, 5.0, 8.0, None, Spur(3.0, 2.25, (0.0, 1.0, 0.0))),
)
PIECE = FinishedPiece(
    UP,
    1.0,
    1.0,
    0.0,
    0,
    1,
    (Plate("pocket", (6.0, 2.0, 3.5), (1.0, 0.0, 0.0), UP, 41.3, 0.6, (PART, BONE)),),
    (SUTURE,),
)


def test_the_table_and_the_markups_have_every_hole_where_it_is(tmp_path):
    write_fixation([PIECE], tmp_path)
    with (tmp_path / "fixation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["purpose"], row["plate"]) for row in rows] == [
        ("screw in part", "1"),
        ("screw in bone", "1"),
        ("suture", ""),
    ]
    assert [float(rows[1][name]) for name in ("r_mm", "a_mm", "s_mm", "depth_mm", "edge_mm", "midline_mm")] == [
        11, 2, 3.5, 6, 3.25, 30.1
    ]  # fmt: skip
    assert rows[2]["midline_mm"] == rows[1]["spur_mm"] == ""
    assert [float(rows[2][name]) for name in ("spur_mm", "spur_r", "spur_a", "spur_s")] == [3, 0, 1, 0]
    (markups,) = json.loads((tmp_path / "fixation.mrk.json").read_text())["markups"]
    assert markups["coordinateSystem"] == "RAS"
    assert [point["position"] for point in markups["controlPoints"]] == [
        [*hole.place_ras_mm] for hole in (PART, BONE, SUTURE)
    ]
    assert [point["label"] for point in markups["controlPoints"]] == [
        "screw in part, plate 1",
        "screw in bone, plate 1",
        "suture",
    ]


def test_the_report_names_each_plate_and_each_kind_of_hole():
    rows = dict(fixation_rows({"pieces": [asdict(PIECE)]}))
    assert list(rows) == ["Plate 1", "Suture holes"]
    assert "pocket, recess of 0.6 mm in part and bone, 41 mm to the next" in rows["Plate 1"]
    assert "screw in bone: RAS 11, 2, 4 mm, depth 6.0, to the edge 3.2, to the midline 30" in rows["Plate 1"]
    assert rows["Suture holes"] == "RAS -4, 5, 6 mm, depth 5.0, to the edge 8.0, spur of 3, 2.2 thick"
    assert fixation_rows(None) == fixation_rows({"pieces": [{"parts": 1}]}) == []


def test_a_plate_is_where_its_first_screw_is():
    (plate,) = (plate for name, plate in fixation_places({"pieces": [asdict(PIECE)]}).items() if name == "Plate 1")
    assert plate.ras_mm == tuple(asdict(PIECE)["plates"][0]["screws"][0]["place_ras_mm"])
