"""Each defect of a skull is found at its place, with its size, and open before but not after."""

import json

import numpy as np
import pytest
from phantoms import OBLIQUE, head

from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template, find_pose
from CraNeXtLib.cases import case_settings, reconstruction_case
from CraNeXtLib.completion.model_library import Model
from CraNeXtLib.completion.proposal import Proposal
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.components import pieces_of
from CraNeXtLib.geometry.volume_files import read_volume, write_volume
from CraNeXtLib.implant import reconstruct
from CraNeXtLib.implant.defect_report import describe_defect

TWO_HOLES = (((40.0, 20.0, 60.0), 25.0), ((-60.0, -40.0, 30.0), 15.0))


@pytest.fixture(scope="module")
def pose():
    """The template as if it lay on the phantom, middle on middle."""
    matrix = np.eye(4)
    pose = HeadPose(matrix, bundled_template(), PoseFit(0.0, 0.0, (1.0, 1.0)))
    matrix[:3, 3] = -pose.template_center
    return HeadPose(matrix, pose.template, pose.fit)


@pytest.mark.parametrize("directions", [np.eye(3), np.diag([-1.0, -1, 1]), OBLIQUE])
def test_two_holes_are_two_defects(directions, pose):
    case = head(directions=directions, holes=TWO_HOLES)
    pieces = pieces_of(case.implant)
    assert len(pieces) == 2
    assert pieces[0].voxels.sum() + pieces[1].voxels.sum() == case.implant.voxels.sum()
    first, second = (describe_defect(piece, case.defective, case.complete, pose) for piece in pieces)
    assert (first["side"], second["side"]) == ("right", "left")
    assert np.allclose(first["centre_ras_mm"], (38, 19, 56), atol=6)
    for defect, radius in ((first, 25.0), (second, 15.0)):
        # A ball of that radius about a point in the bone cuts out a disc, bent a little.
        assert defect["perimeter_mm"] == pytest.approx(2 * np.pi * radius, rel=0.12)
        assert defect["area_cm2"] == pytest.approx(np.pi * radius**2 / 100, rel=0.15)
        assert defect["opening_cm2"]["before"] == pytest.approx(np.pi * radius**2 / 100, rel=0.2)
        assert defect["opening_cm2"]["after"] == 0


def test_what_an_implant_leaves_open_is_told(pose):
    case = head()
    (piece,) = pieces_of(case.implant)
    half = case.implant.voxels & (np.indices(case.implant.shape)[1] > case.implant.shape[1] * 0.59)
    complete = case.defective.with_voxels(case.defective.voxels | half)
    whole = describe_defect(piece, case.defective, case.complete, pose)["opening_cm2"]
    left = describe_defect(piece, case.defective, complete, pose)["opening_cm2"]
    assert left["before"] == whole["before"]
    assert 0.2 * whole["before"] < left["after"] < 0.8 * whole["before"]


def test_the_bundled_skulls_defect():
    skull, implant = (read_volume(path) for path in (DEFECTIVE_SKULL, REFERENCE_IMPLANT))
    skull, implant = (volume.with_voxels(volume.voxels > 0) for volume in (skull, implant))
    complete = skull.with_voxels(skull.voxels | implant.voxels)
    (piece,) = pieces_of(implant)
    defect = describe_defect(piece, skull, complete, find_pose(skull))
    assert (defect["side"], defect["main_region"]) == ("left", "Middle Parietal")
    assert 60 < defect["opening_cm2"]["before"] < defect["area_cm2"]
    assert defect["opening_cm2"]["after"] == 0


def test_several_defects_give_several_files(tmp_path, monkeypatch):
    case = head(holes=TWO_HOLES)

    class Oracle(Model):
        def propose(self, skull, **_):
            return Proposal(tuple(slice(0, n) for n in skull.shape), case.complete.voxels.astype(np.float32))

    oracle = Oracle(tmp_path, {"name": "oracle", "kind": "oracle", "sha256": "0"})
    monkeypatch.setattr(reconstruct.model_library, "find", lambda _: oracle)
    monkeypatch.setattr(reconstruct, "load_model", lambda model: model)
    write_volume(case.defective, tmp_path / "skull.nrrd")
    result = reconstruction_case.reconstruct_case(
        tmp_path / "skull.nrrd", tmp_path / "out", case_settings.CaseSettings(report=False)
    )
    assert {"implant.stl", "implant_1.stl", "implant_2.stl", "finished_implant_2.stl"} <= set(result["files"])
    assert len(result["defects"]) == len(result["pieces"]) == 2
    for defect, piece in zip(result["defects"], result["pieces"], strict=True):
        assert defect["volume_ml"] == piece["volume_ml"]
        assert defect["centre_ras_mm"] == piece["centre_ras_mm"]
    written = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (written["defects"], written["input"]) == (result["defects"], result["input"])
    for name in ("implant", "finished_implant"):
        whole, *parts = (stl_faces(tmp_path / "out" / f"{name}{number}.stl") for number in ("", "_1", "_2"))
        assert whole == sum(parts)


def stl_faces(path) -> int:
    return int(np.frombuffer(path.read_bytes()[80:84], "<u4")[0])
