"""An edited implant is measured again, and what no longer applies to it is dropped."""

import json

import numpy as np
import pytest
from phantoms import head
from scipy import ndimage

from CraNeXtLib.cases import edited_implant
from CraNeXtLib.cases.edited_implant import write_implant_files
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.hashing import sha256_of
from CraNeXtLib.geometry.volume_files import read_volume, write_volume

RESULT = {
    "format": "cranext-result",
    "case_id": "A-7",
    "input": {"sha256": "0123abcd" * 8},
    "preview": False,
    "implant_volume_ml": -1.0,
    "expected_error": {"mean_mm": 1.0},
    "warnings": ["Look at the rim."],
    "files": ["something.else"],
    "metrics": {"dsc": 0.9},
    "finishing": None,
    "fit": {"of": "implant"},
    "defects": [],
}
FILES = ["complete_skull.nrrd", "defective_skull.nrrd", "implant.3mf", "implant.nrrd", "implant.stl", "result.json"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of a phantom's skull and of its implant, which overlaps the skull after an edit."""
    phantom, folder = head(spacing=(4.0, 4.0, 4.0), thickness_mm=8.0), tmp_path_factory.mktemp("edited")
    write_volume(phantom.defective, folder / "skull.nrrd")
    edited = ndimage.binary_dilation(phantom.implant.voxels, iterations=2) & phantom.complete.voxels
    write_volume(phantom.complete.with_voxels(edited), folder / "implant.nrrd")
    write_volume(phantom.complete.with_voxels(edited & ~phantom.implant.voxels), folder / "rim.nrrd")
    return folder / "implant.nrrd", folder / "skull.nrrd", phantom


def test_an_edited_implant_is_measured_again_without_what_was_known_of_the_other(files, tmp_path):
    implant, skull, phantom = files
    described = write_implant_files(implant, skull, tmp_path, result=RESULT, edited=True, report=False)
    assert json.loads((tmp_path / "result.json").read_text()) == json.loads(json.dumps(described))
    assert described["files"] == FILES == sorted(path.name for path in tmp_path.iterdir())
    assert described["edited"]
    assert not {"metrics", "defects", "expected_error", "finishing", "fit"} & set(described)
    assert (described["case_id"], described["warnings"]) == ("A-7", ["Look at the rim."])
    written, complete = (read_volume(tmp_path / f"{name}.nrrd") for name in ("implant", "complete_skull"))
    np.testing.assert_array_equal(written.voxels != 0, phantom.implant.voxels)
    np.testing.assert_array_equal(complete.voxels != 0, phantom.complete.voxels)
    volume_ml = phantom.implant.voxels.sum() * phantom.implant.voxel_volume_mm3 / 1000
    assert described["implant_volume_ml"] == pytest.approx(volume_ml, abs=0.01)
    assert [key for key in described if key in RESULT] == [key for key in RESULT if key in described]


def test_an_implant_that_was_not_edited_keeps_its_metrics_and_gets_a_part(files, tmp_path, monkeypatch):
    implant, skull, _ = files
    stages, scans = [], []

    def measure_soft_tissue(_fit, ct, *_where, **_how):
        scans.append(ct)
        return {"soft_tissue": {"missing_ml": 1.5}}

    monkeypatch.setattr(edited_implant, "write_soft_tissue", measure_soft_tissue)
    described = write_implant_files(
        implant,
        skull,
        tmp_path,
        result=RESULT | {"input": {"sha256": sha256_of(skull)}},
        edited=False,
        finishing={},
        ct=skull,  # any volume
        report=False,
        progress=lambda stage, fraction: stages.append((stage, fraction)),
    )
    assert described["metrics"] == RESULT["metrics"]
    assert described["soft_tissue"] == {"missing_ml": 1.5}
    np.testing.assert_array_equal(scans[0].voxels, read_volume(skull).voxels)
    assert described["expected_error"] == RESULT["expected_error"]
    assert described["fit"]["of"] == "finished_implant"
    assert described["verdict"]["answer"] == "does not fit"  # on such coarse voxels
    assert described["warnings"][:2] == [described["verdict"]["sentence"], "Look at the rim."]
    assert "finished_implant.stl" in described["files"]
    fractions = [fraction for _, fraction in stages]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_what_was_told_of_an_earlier_part_is_not_told_again(files, tmp_path):
    implant, skull, _ = files
    told = {"warnings": ["Look at the rim.", "Its segments are too short."]}
    earlier = RESULT | told | {"part_warnings": ["Its segments are too short."]}
    described = write_implant_files(implant, skull, tmp_path, result=earlier, edited=True, report=False)
    assert (described["warnings"], described["part_warnings"]) == (["Look at the rim."], [])


def test_an_implant_of_which_nothing_is_left_is_refused(files, tmp_path):
    _, skull, _ = files
    bone = skull.with_name("rim.nrrd")
    with pytest.raises(InputError, match="Nothing is left"):
        write_implant_files(bone, skull, tmp_path / "out", result=RESULT, edited=True, report=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wanted", [{"report": True}, {"report": False, "finishing": {}}])
def test_a_preview_gets_neither_part_nor_report(files, tmp_path, wanted):
    implant, skull, _ = files
    with pytest.raises(InputError, match="is a quick preview; make it without"):
        write_implant_files(implant, skull, tmp_path / "out", result=RESULT | {"preview": True}, edited=False, **wanted)


def test_a_ct_that_was_moved_since_is_not_used(files):
    _, skull, _ = files
    same = RESULT | {"input": {"sha256": sha256_of(skull)}}
    assert edited_implant._read_ct(skull, same)[1] == ()
    ct, (doubt,) = edited_implant._read_ct(skull, RESULT)
    assert ct is None
    assert "the CT was changed or moved since the implant was made" in doubt
