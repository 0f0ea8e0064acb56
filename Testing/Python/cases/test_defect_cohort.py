"""The defects of a cohort on the template, and their tables, chart and map."""

import csv

import pytest
from template_skull import bone_around, template_skull

from CraNeXtLib.cases.defect_cohort import defect_on_template, write_cohort
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="module")
def skull():
    return template_skull()


def test_a_defect_comes_back_onto_the_template(skull):
    implant = bone_around(skull, (-55, 10, 50))
    taken = defect_on_template(implant, skull)
    dice = 2 * (taken & implant.voxels).sum() / (taken.sum() + implant.voxels.sum())
    assert dice > 0.9


def test_a_cohort_gives_tables_chart_and_map(tmp_path, skull):
    cohort = [(bone_around(skull, center), skull) for center in ((-55, 10, 50), (55, 10, 50))]
    analyses = write_cohort(["a", "b"], cohort, tmp_path / "cohort")
    rows = list(csv.DictReader((tmp_path / "cohort" / "defects.csv").open(encoding="utf-8")))
    assert [(row["case"], row["side"]) for row in rows] == list(zip("ab", [a.side for a in analyses], strict=True))
    table = list(csv.DictReader((tmp_path / "cohort" / "distribution.csv").open(encoding="utf-8")))
    assert sum(float(row["mean_percent"]) for row in table) == pytest.approx(100, abs=0.1)
    assert sum(int(row["defects_mainly"]) for row in table) == 2
    frequency = read_volume(tmp_path / "cohort" / "frequency.nrrd")
    assert frequency.has_geometry_of(skull.pose.template)
    assert frequency.voxels.max() == pytest.approx(50)
    for name in ("distribution.png", "frequency.png"):
        assert (tmp_path / "cohort" / name).read_bytes().startswith(b"\x89PNG")


def test_a_cohort_without_defects_is_refused(tmp_path):
    with pytest.raises(InputError, match="no defect"):
        write_cohort([], [], tmp_path / "cohort")
    assert not (tmp_path / "cohort").exists()
