"""The paper's three experiments from end to end, on generated heads with networks of a few channels.

This does not prove: that the networks learn anything, nor what a real data set gives; see Docs/experiments.md for that.
"""

import csv
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml
from phantoms import head
from tiny_training import categorize_left_and_right, know_that_heads_are_upright

from CraNeXtLib.anatomy.head.pose import find_pose
from CraNeXtLib.cli import main
from CraNeXtLib.core.errors import CancelledError, InputError
from CraNeXtLib.core.files.lock import locked
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest, write_manifest
from CraNeXtLib.evaluation.checklist import check
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.training.experiments.cells import Experiments
from CraNeXtLib.training.experiments.config import experiments_as_yaml, merged, presets, read_experiments
from CraNeXtLib.training.experiments.data import Data
from CraNeXtLib.training.experiments.design import CELLS
from CraNeXtLib.training.experiments.results import Results

FEW = {"widths": [4] * 9, "depths": [1] * 9}
WODZINSKI = {"down_widths": [[4], [4], [4, 4], [4, 4, 4]], "up_widths": [[4] * 4, [4] * 3, [4, 4], [4, 4]]}
SETTINGS = {
    "names": {"a": "Left", "b": "Right & top"},
    "settings": {
        "data": {"shape": [32, 32, 32], "spacing_mm": 4.0, "workers": 0},
        "augmentation": {"elastic_mm": 0.0, "segmentation_noise": 0.0, "own_defect": 1.0},
        "optimization": {"warmup_steps": 0, "ema_decay": 0.0},
        "run": {
            "epochs": 1, "samples_per_epoch": 1, "accelerator": "cpu", "precision": "32", "threads": 1,
            "gradient_checkpointing": False, "picture_every": 0,
        },
    },
    "options": {
        "cranext": FEW, "unet3dcnn_convnext": FEW, "unet3dcnn": {"base_width": 4},
        "unet3dcnn_attention": {"base_width": 4}, "wodzinski_unet": WODZINSKI, "wodzinski_unet_convnext": WODZINSKI,
    },
    "pca_skull_official": {"spacing_mm": 8.0, "registration": "Rigid"},
    "extra": {"mine": {"label": "A new idea", "model": "pca_skull"}},
}  # fmt: skip


def manifest(folder, name, holes):
    """Write heads of different thickness with a hole, and their manifest."""
    cases = []
    splits = ("training", "training", "validation", "test")
    for number, (split, hole) in enumerate(zip(splits, holes, strict=True)):
        case = head(spacing=(4.0, 4.0, 4.0), thickness_mm=8.0 + number / 2, holes=((hole, 30.0),))
        paths = {role: folder / name / f"{number}_{role}.nrrd" for role in ("complete", "implant")}
        for role, path in paths.items():
            write_volume(getattr(case, role), path)
        cases.append(DatasetCase(subject=str(number), kind="round", split=split, **paths))
    write_manifest(cases, folder / f"{name}.csv")
    return folder / f"{name}.csv"


def check_if_likely(implant, skull, reference):
    """Stand in for the checklist where an untrained network's debris all over the head would take it seconds."""
    if implant.voxels.sum() > 2 * reference.voxels.sum():
        return SimpleNamespace(criteria=())
    return check(implant, skull, reference)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder with the manifests of both data sets and the settings."""
    folder = tmp_path_factory.mktemp("experiments")
    manifest(folder, "a", [(-45.0, 20.0 * n, 55.0) for n in range(-2, 2)])
    manifest(folder, "b", [(40.0, 20.0 * n, 60.0) for n in range(-2, 2)])
    (folder / "tiny.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(SETTINGS))))
    return folder


@pytest.fixture(scope="module")
def arguments(data):
    return ["experiment", "run", str(data / "tiny.yaml"), "--a", str(data / "a.csv"), "--b", str(data / "b.csv")]


def find_each_pose_once(monkeypatch):
    """Let the models that are tested on one skull share the search for its pose, which takes most of the time."""
    poses = {}

    def find(skull, **options):
        key = (skull.voxels.tobytes(), skull.affine.tobytes(), *sorted(options.items()))
        if key not in poses:
            poses[key] = find_pose(skull, **options)
        return poses[key]

    monkeypatch.setattr("CraNeXtLib.implant.reconstruct.find_pose", find)


@pytest.fixture(scope="module")
def run(data, arguments):
    """The whole of the experiments, run once by the command."""
    with pytest.MonkeyPatch.context() as patch:
        categorize_left_and_right(patch)
        know_that_heads_are_upright(patch)
        find_each_pose_once(patch)
        patch.setattr("CraNeXtLib.training.experiments.cells.check", check_if_likely)
        # A run scores its model on the validation cases, too, which test_train.py sees and no table shows.
        patch.setattr("CraNeXtLib.training.train.score_into", lambda *_arguments, **_options: [])
        assert main([*arguments, "--out", str(data / "run")]) == 0
    return data / "run"


@pytest.fixture
def config(data):
    return read_experiments(data / "tiny.yaml", a=str(data / "a.csv"), b=str(data / "b.csv"))


def test_all_three_give_their_tables_and_figures(run, capsys):
    assert main(["experiment", "tables", str(run)]) == 0
    said = capsys.readouterr().out
    for name in ("table1", "table3", "table4", "table5", "table6", "table6-by-skull"):
        for suffix in (".md", ".csv", ".tex"):
            assert (run / "tables" / f"{name}{suffix}").is_file()
            assert str(run / "tables" / f"{name}{suffix}") in said
    for number in (1, 2, 3):
        assert (run / "tables" / f"criteria-{number}.png").is_file()
        assert (run / "tables" / f"surfaces-{number}.png").is_file()
    assert "research use" in said.lower()
    assert "Right \\& top" in (run / "tables" / "table4.tex").read_text()
    with (run / "tables" / "table3.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows if row["column"] == "Parameters"] == [
        *(cell.label for cell in CELLS[:8]), "A new idea",
    ]  # fmt: skip
    sizes = {row["row"]: int(row["number"]) for row in rows if row["column"] == "Parameters"}
    assert sizes["A new idea"] == 3_362_541  # all that the bundled shape model holds
    best = {row["row"]: float(row["mean"]) for row in rows if row["column"].startswith("DSC")}
    marked = [row["row"] for row in rows if row["column"].startswith("DSC") and row["mark"] == "best"]
    assert marked == [max(best, key=best.get)] == ["PCA-skull, this software's"]


def test_a_cell_records_how_its_model_was_made(run):
    content = json.loads((run / "cells" / "cranext-a-then-b" / "cell.json").read_text())
    assert [row["case"] for row in content["cases"]] == ["a-Left-3-round", "b-Right & top-3-round"]
    assert {"dsc", "bdsc", "dh95_mm", "sdh_mm", "fnr", "fpr", "criteria", "seconds"} <= set(content["cases"][0])
    training = yaml.safe_load((run / "cells" / "cranext-a-then-b" / "training" / "config.yaml").read_text())
    assert training["network"]["start_from"].endswith("cells/cranext-a/training/model")
    regions = yaml.safe_load((run / "cells" / "cranext-ab-regions" / "training" / "config.yaml").read_text())
    assert regions["data"]["input"] == "one-hot"
    assert len(read_manifest(run / "data" / "ab.csv")) == 8
    assert {cell.name for cell in CELLS} | {"mine"} == set(Results.read(run).cells)


def test_nothing_that_is_done_is_done_again(run, arguments, config, capsys, monkeypatch):
    again = [*arguments, "--out", str(run)]
    before = {path: path.stat().st_mtime_ns for path in run.rglob("cell.json")}
    assert main([*again, "--cell", "3"]) == 0
    assert main([*again, "--experiment", "3"]) == 0
    assert capsys.readouterr().out.count("was done already") == 3
    assert {path: path.stat().st_mtime_ns for path in run.rglob("cell.json")} == before
    assert main([*again, "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[3].split() == ["3", "unet3dcnn_attention-a", "done"]

    # A cell that was stopped after its first test case goes on with the second.
    experiments, cell = Experiments.start(config, run), config.cells()[8]
    folder = experiments.folder_of(cell)
    kept = json.loads((folder / "cell.json").read_text())["cases"]
    (folder / "cell.json").unlink()
    (folder / "cases" / "b-Right & top-3-round.json").unlink()
    told = []
    monkeypatch.setattr("CraNeXtLib.training.experiments.cells.check", check_if_likely)
    assert experiments.run(cell, lambda stage, _fraction: told.append(stage))
    tested = [stage for stage in told if "Reconstructing b-" in stage]  # training has scored its validation cases too
    assert tested == [f"{cell.name}: Reconstructing b-Right & top-3-round"]
    rows = json.loads((folder / "cell.json").read_text())["cases"]
    assert [row | {"seconds": 0} for row in rows] == [row | {"seconds": 0} for row in kept]


def test_a_cell_runs_once_at_a_time_and_in_order(config, tmp_path):
    experiments, cells = Experiments.start(config, tmp_path / "run"), config.cells()
    with pytest.raises(InputError, match=r"starts from cranext-a, .* run cell 5 first"):
        experiments.run(cells[9])
    folder = experiments.folder_of(cells[0])
    folder.mkdir(parents=True)
    with locked(folder / "cell.lock"), pytest.raises(InputError, match="Another process"):
        experiments.run(cells[0])

    def stop(_stage, _fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        experiments.run(cells[0], stop)
    assert not experiments.is_done(cells[0])


def test_the_command_refuses_what_cannot_be_run(arguments, tmp_path, capsys, monkeypatch):
    out = ["--out", str(tmp_path / "run")]
    assert main([*arguments, *out, "--cell", "99"]) == 2
    assert "choose one of 0 to 12" in capsys.readouterr().err
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main([*arguments, *out]) == 2
    assert "--cell" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert main(["experiment", "tables", str(tmp_path)]) == 2
    assert "holds no experiments" in capsys.readouterr().err
    assert main(["experiment", "run", "cpu", *out]) == 2
    assert "--a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"options": {"wodzinski_unet": {"dephts": [1]}}}, r"wodzinski_unet-a: network.options do not fit"),
        ({"extra": {"mine": {"model": "none"}}}, r"mine: .*none"),
    ],
)
def test_a_cell_that_cannot_work_is_refused_before_the_first_is_trained(data, tmp_path, settings, message):
    (data / "wrong.yaml").write_text(json.dumps(SETTINGS | settings), encoding="utf-8")
    config = read_experiments(data / "wrong.yaml", a=str(data / "a.csv"))
    with pytest.raises(InputError, match=message):
        Experiments.start(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_missing_file_is_refused_before_anything_is_written(config, tmp_path):
    listed = read_manifest(config.a)
    test = next(case for case in listed if case.split == "test")
    lost = replace(test, defective=tmp_path / "lost.nrrd")
    write_manifest([lost if case is test else case for case in listed], tmp_path / "a.csv")
    with pytest.raises(InputError, match=r"There is no file .*lost\.nrrd; check the path"):
        Experiments.start(replace(config, a=str(tmp_path / "a.csv")), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_configuration_needs_another_folder(config, data, tmp_path):
    Experiments.start(config, tmp_path / "run")
    kept = read_experiments(tmp_path / "run" / "experiments.yaml")
    assert kept == config
    Experiments.start(kept, tmp_path / "run")
    with pytest.raises(InputError, match="another configuration"):
        Experiments.start(read_experiments(data / "tiny.yaml", a=str(data / "a.csv")), tmp_path / "run")


def test_presets_train_every_network_alike(data, tmp_path):
    for preset in presets():
        config = read_experiments(preset, a=str(data / "a.csv"), b=str(data / "b.csv"))
        trained = [cell for cell in config.cells() if cell.trained]
        assert len(trained) == 10
        runs = [config.training_of(cell, "manifest.csv", "cache") for cell in trained]
        assert len({(run.optimization, run.run, run.augmentation.own_defect, run.data.shape) for run in runs}) == 1
        assert {run.network.options.get("grn") for run in runs if run.network.name.startswith("unet3dcnn")} >= {None}
        assert runs[-1].data.input == ("labels" if preset == "paper" else "one-hot")
        (tmp_path / "written.yaml").write_text(experiments_as_yaml(config))
        assert read_experiments(tmp_path / "written.yaml") == config
    assert read_experiments("paper", a="a.csv").postprocessing == "official"
    assert [cell.name for cell in read_experiments("paper", a="a.csv").cells()] == [cell.name for cell in CELLS[:8]]


def test_a_skull_may_not_be_trained_and_tested_on(tmp_path):
    def listed(name, source, *splits):
        cases = [
            DatasetCase(subject=str(number), complete=tmp_path / "skull.nrrd", split=split, source=source)
            for number, split in enumerate(splits)
        ]
        write_manifest(cases, tmp_path / f"{name}.csv")
        return str(tmp_path / f"{name}.csv")

    a, whole = listed("a", "cq500", "training", "validation", "test"), ("test", "validation", "training")
    with pytest.raises(InputError, match="no case in the split 'test'"):
        Data.read(read_experiments("default", a=listed("short", "", "training", "validation")))
    with pytest.raises(InputError, match="Skull cq500/0 is in the splits training and test"):
        Data.read(read_experiments("default", a=a, b=listed("same", "cq500", *whole)))
    data = Data.read(read_experiments("default", a=a, b=listed("other", "", *whole)))
    assert {case.skull[0] for case in data.of("ab")} == {"cq500", "B"}


def test_sections_are_merged():
    assert merged({"run": {"a": 1, "b": 2}}, {"run": {"b": 3}, "name": "x"}) == {"run": {"a": 1, "b": 3}, "name": "x"}
