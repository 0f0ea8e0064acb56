"""Place and size of defects, and a cohort's distribution."""

import csv

import numpy as np
import pytest

from CraNeXtLib.anatomy.categorization.categorize import Categorization
from CraNeXtLib.anatomy.categorization.defect_location import analyze_defect
from CraNeXtLib.anatomy.head.pose import HeadPose, PoseFit, bundled_template
from CraNeXtLib.cases.defect_cohort import defect_on_template, write_cohort
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.geometry.volume import Volume
from CraNeXtLib.geometry.volume_files import read_volume


@pytest.fixture(scope="module")
def skull():
    """The template as a skull of its own, 10 % larger and moved."""
    template = bundled_template()
    matrix = np.diag([1.1, 1.1, 1.1, 1.0])
    matrix[:3, 3] = 5, -7, 3
    labels = Volume(template.voxels, matrix @ template.affine)
    pose = HeadPose(matrix, template, PoseFit(0.0, 0.0, (1.1, 1.1)))
    return Categorization(labels, (), pose, "default", ())


def _implant(skull: Categorization, centre, radius=30.0) -> Volume:
    """Return the bone within a distance of a point of the template, in mm."""
    points = skull.pose.template.to_ras(np.argwhere(np.ones(skull.pose.template.shape))) - centre
    near = (points**2).sum(axis=1).reshape(skull.pose.template.shape) < radius**2
    return skull.labels.with_voxels(near & (skull.labels.voxels > 0))


def test_shares_are_those_of_the_labels(skull):
    implant = _implant(skull, (-55, 10, 50))
    analysis = analyze_defect(implant, skull.pose)
    taken = skull.labels.voxels[implant.voxels]
    assert analysis.percent["Middle Parietal"] == pytest.approx(100 * (taken == 5).mean(), abs=0.01)
    assert sum(analysis.percent.values()) == pytest.approx(100, abs=0.05)
    assert analysis.volume_ml == pytest.approx(implant.voxels.sum() * 1.331 / 1000, abs=0.01)
    assert 55 < analysis.extent_mm < 67


@pytest.mark.parametrize(
    ("centre", "side"), [((-55, 10, 50), "left"), ((55, 10, 50), "right"), ((0, 10, 97), "bilateral")]
)
def test_the_side_is_the_patients(skull, centre, side):
    assert analyze_defect(_implant(skull, centre), skull.pose).side == side


def test_area_is_that_of_the_outer_side(skull):
    implant = _implant(skull, (0, 0, 97), radius=25)
    assert analyze_defect(implant, skull.pose).area_cm2 == pytest.approx(np.pi * 2.75**2, rel=0.25)


def test_an_empty_implant_is_refused(skull):
    with pytest.raises(InputError, match="empty"):
        analyze_defect(skull.labels.with_voxels(np.zeros(skull.labels.shape, bool)), skull.pose)


def test_a_defect_comes_back_onto_the_template(skull):
    implant = _implant(skull, (-55, 10, 50))
    taken = defect_on_template(implant, skull)
    dice = 2 * (taken & implant.voxels).sum() / (taken.sum() + implant.voxels.sum())
    assert dice > 0.9


def test_a_cohort_gives_tables_chart_and_map(tmp_path, skull):
    cohort = [(_implant(skull, centre), skull) for centre in ((-55, 10, 50), (55, 10, 50))]
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
