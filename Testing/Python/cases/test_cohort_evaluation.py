"""Many implants measured: in parallel, resumed after a stop, with failures, and as tables."""

import json
import os

import numpy as np
import pytest
from plain_metrics import SHIFTS, capped_shell, cohort_folder, cohort_manifest

from CraNeXtLib.cases.cohort_evaluation import evaluate_cohort
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.evaluation import cohort_statistics
from CraNeXtLib.evaluation.cohort_tables import read_rows
from CraNeXtLib.evaluation.evaluation import evaluate
from CraNeXtLib.geometry.volume_files import write_volume


@pytest.fixture
def folder(tmp_path):
    return cohort_folder(tmp_path / "in")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_folder_of_cases(folder, tmp_path, workers):
    told = []
    rows = evaluate_cohort(folder, tmp_path / "out", workers=workers, progress=lambda *p: told.append(p))
    assert [row["case"] for row in rows] == list(SHIFTS)
    for row in rows:
        assert row["dsc"] == evaluate(*capped_shell(SHIFTS[row["case"]])).dsc
    assert [fraction for _, fraction in told] == pytest.approx([1 / 3, 2 / 3, 1])
    on_disk = read_rows(tmp_path / "out" / "cases.csv")
    assert [float(row["sdh_mm"]) for row in on_disk] == [row["sdh_mm"] for row in rows]
    assert cohort_statistics.compare(on_disk, rows, ["dsc"])["dsc"].mean_difference == 0


def test_tables_by_region_and_subject(folder, tmp_path):
    path = cohort_manifest(folder, region=["Frontal", "Frontal; Occipital", "Occipital"], subject=["1", "1", "2"])
    rows = evaluate_cohort(path, tmp_path / "out")
    cohort = json.loads((tmp_path / "out" / "cohort.json").read_text())
    assert (cohort["cases"], cohort["subjects"]) == (3, 2)
    assert set(cohort["tables"]) == {"all", "region: Frontal", "region: Occipital"}
    assert cohort["tables"]["all"]["dsc"]["mean"] == pytest.approx(np.mean([row["dsc"] for row in rows]))
    assert cohort["tables"]["region: Frontal"]["dsc"]["n"] == 2


def test_goes_on_after_a_stop_and_measures_what_changed(folder, tmp_path):
    def stop(name, _fraction):
        if name == "b":
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        evaluate_cohort(folder, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out" / "cases.csv").exists()
    told = []
    first = evaluate_cohort(folder, tmp_path / "out", progress=lambda name, _: told.append(name))
    assert told == ["c"]
    write_volume(capped_shell(0)[0], folder / "c" / "implant.nrrd")
    told.clear()
    rows = evaluate_cohort(folder, tmp_path / "out", progress=lambda name, _: told.append(name))
    assert told == ["c"]
    assert rows[:2] == first[:2]
    assert rows[2]["dsc"] == 1
    evaluate_cohort(folder, tmp_path / "out", resume=False, progress=lambda name, _: told.append(name))
    assert told == ["c", "a", "b", "c"]


def test_a_manifest_chooses_the_segments_of_each_case(folder, tmp_path):
    implant, reference, skull = capped_shell(1)
    halves = 2 + (np.arange(reference.shape[0]) > reference.shape[0] // 2)[:, None, None]
    labels = (skull.voxels + halves * reference.voxels).astype(np.uint8)
    write_volume(skull.with_voxels(labels), folder / "b" / "skull.nrrd")
    write_volume(skull.with_voxels(labels), folder / "b" / "reference.nrrd")
    write_volume(skull.with_voxels(implant.voxels * np.uint8(5) + skull.voxels), folder / "b" / "implant.nrrd")
    columns = {"segment": ["", "1", ""], "implant_segment": ["", "5", ""], "reference_segment": ["", "2,3", ""]}
    rows = evaluate_cohort(cohort_manifest(folder, **columns), tmp_path / "out")
    assert [row["dsc"] for row in rows] == [evaluate(*capped_shell(shift)).dsc for shift in SHIFTS.values()]
    columns["reference_segment"][1] = "2"
    changed = evaluate_cohort(cohort_manifest(folder, **columns), tmp_path / "out")
    assert changed[1]["dsc"] < rows[1]["dsc"]
    del columns["reference_segment"]
    (error,) = [row["error"] for row in evaluate_cohort(cohort_manifest(folder, **columns), tmp_path / "out")[1:2]]
    assert error.endswith("choose one with the manifest's column reference_segment, or several, such as 1,2.")


def test_a_cohort_of_which_nothing_can_be_measured_leaves_no_file(tmp_path):
    (tmp_path / "cohort.csv").write_text("case,implant,reference,skull\na,x.nrrd,y.nrrd,z.nrrd\n")
    with pytest.raises(InputError, match="No case could be evaluated"):
        evaluate_cohort(tmp_path / "cohort.csv", tmp_path / "new" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["cohort.csv"]


def test_a_change_that_no_time_tells_is_noticed(folder, tmp_path):
    evaluate_cohort(folder, tmp_path / "out")
    file = folder / "c" / "implant.nrrd"
    before = file.stat()
    write_volume(capped_shell(0)[0], file)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    told = []
    assert evaluate_cohort(folder, tmp_path / "out", progress=lambda name, _: told.append(name))[2]["dsc"] == 1
    assert told == ["c"]


def test_an_empty_implant_is_counted_and_a_damaged_file_is_named(folder, tmp_path):
    implant = capped_shell()[0]
    write_volume(implant.with_voxels(np.zeros(implant.shape, dtype=np.uint8)), folder / "a" / "implant.nrrd")
    (folder / "b" / "skull.nrrd").write_text("not a volume")
    for _ in range(2):  # the second time from the files of the first
        rows = evaluate_cohort(folder, tmp_path / "out")
        assert rows[0]["dh95_mm"] == np.inf
        assert rows[1]["error"]
        cohort = json.loads((tmp_path / "out" / "cohort.json").read_text())
        assert cohort["failed_cases"] == ["a"]
        assert list(cohort["errors"]) == ["b"]
        summary = cohort["tables"]["all"]["dh95_mm"]
        assert (summary["n"], summary["failed"]) == (2, 1)
        assert summary["mean"] == pytest.approx((rows[0]["diagonal_mm"] + rows[2]["dh95_mm"]) / 2)
