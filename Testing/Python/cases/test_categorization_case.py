"""Regions from file to files, by the command line and by the worker.

This does not prove: that the labels are right, see test_categorization.py.
"""

import csv
import json

import numpy as np
import pytest

from CraNeXtLib.anatomy.categorization.categorize import categorize
from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.cases import categorization_case
from CraNeXtLib.cli import command, worker
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.core.resources import DEFECTIVE_SKULL, REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume_files import read_volume

FILES = ["regions.csv", "regions.json", "regions.nrrd", "regions.png"]


@pytest.fixture(scope="module")
def known():
    """The regions of the bundled skull and the place of its defect."""
    result = categorize(read_volume(DEFECTIVE_SKULL))
    return result, analyze_defect(read_volume(REFERENCE_IMPLANT), result.pose)


@pytest.fixture
def quick(monkeypatch, known):
    """Skip the registration, which the first test does once."""
    monkeypatch.setattr(categorization_case, "categorize", lambda *_args, **_options: known[0])


def test_the_command_writes_and_prints_everything(tmp_path, known, capsys):
    result, analysis = known
    options = ("--out", str(tmp_path / "out"), "--implant", str(REFERENCE_IMPLANT))
    assert command.main(["categorize", str(DEFECTIVE_SKULL), *options]) == 0
    printed = capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    labels = read_volume(tmp_path / "out" / "regions.nrrd")
    assert labels.has_geometry_of(result.labels, tolerance_mm=1e-6)
    assert np.array_equal(labels.voxels, result.labels.voxels)
    rows = list(csv.DictReader((tmp_path / "out" / "regions.csv").open(encoding="utf-8")))
    assert [(row["name"], int(row["voxels"])) for row in rows] == [(row.name, row.voxels) for row in result.table]
    written = json.loads((tmp_path / "out" / "regions.json").read_text(encoding="utf-8"))
    assert sum(region["percent"] for region in written["regions"]) == pytest.approx(100, abs=0.01)
    assert written["implant"]["percent"] == analysis.percent
    assert written["files"] == FILES
    assert f"Defect: left, {analysis.area_cm2:.1f} cm²" in printed
    for row in result.table:
        assert f"{row.name:<20}{row.voxels:>10}" in printed


@pytest.mark.usefixtures("quick")
def test_the_worker_does_the_same_without_a_picture(tmp_path):
    told = []
    arguments = {"skull": str(DEFECTIVE_SKULL), "out": str(tmp_path / "out"), "picture": False}
    result = worker._run("categorize", arguments, lambda *event: told.append(event))
    assert result["files"] == sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES[:-1]
    assert json.loads(json.dumps(result)) == result
    assert "implant" not in result
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("error", [InputError, CancelledError])
def test_files_appear_all_or_none(tmp_path, monkeypatch, error):
    def fail(*_args):
        raise error("No.")

    monkeypatch.setattr(categorization_case, "write_region_picture", fail)
    with pytest.raises(error):
        categorization_case.categorize_case(DEFECTIVE_SKULL, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
