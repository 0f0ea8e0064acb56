"""``cranext dataset``: from a folder of pairs to a manifest, its statistics, its errors and its regions."""

from phantoms import every_second_voxel

from CraNeXtLib.anatomy.categorization import categorize
from CraNeXtLib.anatomy.head.pose import best_affine
from CraNeXtLib.core.resources import DEFECTIVE_SKULL as SKULL
from CraNeXtLib.core.resources import REFERENCE_IMPLANT
from CraNeXtLib.geometry.volume_files import read_volume, write_volume


def test_a_folder_becomes_a_manifest_that_is_measured_checked_and_divided_into_regions(run, tmp_path, monkeypatch):
    found = []  # The cases are one skull, so that it is registered once.
    monkeypatch.setattr(
        categorize, "best_affine", lambda *surfaces: found or found.extend(best_affine(*surfaces)) or found
    )
    (tmp_path / "pairs").mkdir()
    skull, implant = (every_second_voxel(read_volume(path)) for path in (SKULL, REFERENCE_IMPLANT))
    for name in ("a", "b", "c"):
        write_volume(skull, tmp_path / f"pairs/{name}_defective.nrrd")
        write_volume(implant, tmp_path / f"pairs/{name}_implant.nrrd")
    manifest = tmp_path / "manifest.csv"
    options = ["--validation", 0.3, "--test", 0.3, "--no-check"]
    status, printed, _ = run("dataset", "make", tmp_path / "pairs", "--out", manifest, *options)
    assert status == 0
    assert "3 cases of 3 skulls: 1 training, 1 validation, 1 test" in printed
    status, printed, _ = run("dataset", "stats", manifest)
    assert status == 0
    assert "1.6 × 1.6 × 1.6" in printed
    status, printed, error = run("dataset", "check", manifest)
    assert (status, "warning" in printed or "error" in printed) == (2, True), "one skull is on both sides of the split"
    assert "fix or remove the cases named above" in error
    (tmp_path / "pairs/c_implant.nrrd").write_text("damaged")
    status, printed, _ = run("dataset", "regions", manifest, "--out", tmp_path / "regions")
    assert status == 0
    assert "2 of 3 cases" in printed
    assert "c_implant.nrrd cannot be read" in printed
    assert (tmp_path / "regions/frequency.png").stat().st_size > 1000
    assert len(list((tmp_path / "regions/cases").iterdir())) == 2
