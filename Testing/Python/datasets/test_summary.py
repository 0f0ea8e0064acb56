"""Table 1 of the paper, on a data set whose numbers are known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from CraNeXtLib.anatomy.head.regions import ALL_REGIONS
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase
from CraNeXtLib.datasets.summary import dataset_statistics
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import write_volume

REGIONS = [region.name for region in ALL_REGIONS]
AFFINE = np.diag([-0.5, -0.5, 2.0, 1.0])


@pytest.fixture
def cases(tmp_path):
    """Two skulls of 200 and 400 of 1000 voxels; three implants of 20, 40 and 100."""
    sizes = {"a": (200, {"bilateral": 20, "random-1": 40}), "b": (400, {"bilateral": 100})}
    found = []
    for subject, (bone, kinds) in sizes.items():
        write(tmp_path / f"{subject}.nrrd", bone)
        for kind, lost in kinds.items():
            write(tmp_path / f"{subject}-{kind}.nrrd", lost)
            files = {"complete": tmp_path / f"{subject}.nrrd", "implant": tmp_path / f"{subject}-{kind}.nrrd"}
            found.append(DatasetCase(subject=subject, kind=kind, **files))
    return found


def write(path, count):
    voxels = np.zeros(1000, bool)
    voxels[:count] = True
    write_volume(Volume(voxels.reshape(10, 10, 10), AFFINE), path)


def test_the_numbers_of_table_1(cases):
    table = dataset_statistics(cases)
    assert (table.skulls, table.cases) == (2, 3)
    assert table.sizes == {"10 × 10 × 10": 3}
    assert table.spacings_mm == {"0.5 × 0.5 × 2": 3}
    assert table.complete_vor_percent.mean == pytest.approx(30)  # each skull once
    assert table.complete_vor_percent.sd == pytest.approx(np.std([20, 40], ddof=1))
    assert table.implant_vor_percent.mean == pytest.approx((2 + 4 + 10) / 3)
    assert table.implant_to_complete_ratio.mean == pytest.approx((0.1 + 0.2 + 0.25) / 3)  # a ratio, not a percentage
    assert table.implant_ml.mean == pytest.approx(160 / 3 * 0.5 / 1000)
    assert table.kinds == {"bilateral": 2, "random-1": 1}
    assert table.regions is None


def test_a_complete_skull_alone_has_no_implant_to_count(cases):
    table = dataset_statistics([DatasetCase(subject="a", complete=cases[0].complete)])
    assert table.implant_vor_percent is None
    assert "VOR of implant [%]" in table.table()


def test_an_unreadable_case_is_named_and_the_rest_counted(cases):
    cases[0].implant.write_bytes(b"NRRD0004")
    table = dataset_statistics(cases)
    assert list(table.unreadable) == ["a/bilateral"]
    assert table.implant_vor_percent.count == 2
    assert "a/bilateral" in table.table()


def test_regions_are_counted_where_they_can_be_told(cases, monkeypatch):
    def analyse(implant, _):
        lost = np.count_nonzero(implant.voxels)
        if lost == 100:
            raise InputError("No template fits.")
        return SimpleNamespace(main_region="Occipital", percent=dict.fromkeys(REGIONS, 0.0) | {"Occipital": lost})

    monkeypatch.setattr("CraNeXtLib.datasets.summary.categorize", lambda _skull: SimpleNamespace(pose=None))
    monkeypatch.setattr("CraNeXtLib.datasets.summary.analyze_defect", analyse)
    statistics = dataset_statistics(cases, regions=True)
    assert statistics.regions == {"Occipital": 2}
    assert statistics.region_percent["Occipital"] == 30  # of 20 and 40
    assert "Occipital (2)" in statistics.table()
    assert "No template fits" in statistics.table()


def test_the_statistics_can_be_written_as_json(cases):
    assert json.loads(json.dumps(dataset_statistics(cases).to_dict()))["implant_to_complete_ratio"]["count"] == 3
