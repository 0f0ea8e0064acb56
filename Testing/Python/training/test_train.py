"""Whole runs on generated heads: to a model folder, killed and resumed, and in two processes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from phantoms import write_data_set

from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase, write_manifest
from CraNeXtLib.training.config_reading import print_config, read_config
from CraNeXtLib.training.dry_run import dry_run
from CraNeXtLib.training.train import train

TINY = {"widths": [4, 4, 4, 4, 4], "depths": [1, 1, 1, 1, 1], "drop_path": 0.3}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return write_data_set(tmp_path_factory.mktemp("heads"))


def configuration(manifest, **run):
    options = TINY | ({"drop_path": 0.0} if run.get("devices") or run.get("batch_size") else {})
    return read_config(
        "default",
        overrides={
            "data": {
                "manifest": str(manifest),
                "cache": str(manifest.parent / "cache"),
                "shape": [32, 32, 32],
                "spacing_mm": 3.0,
                "workers": 0,
            },
            "network": {"name": "cranext", "options": options},
            "optimization": {"warmup_steps": 2, "ema_decay": 0.5},
            "run": {"epochs": 2, "samples_per_epoch": 4, "accelerator": "cpu", "precision": "32", "threads": 1} | run,
        },
    )


def start(config, out, *, torchrun=(), resume=False):
    """Start a run in a process of its own, or in those that torchrun starts with these options."""
    out.parent.mkdir(exist_ok=True)
    settings = out.parent / f"{out.name}.yaml"
    settings.write_text(print_config(config))
    script = out.parent / "go.py"
    script.write_text(
        "import sys\nfrom CraNeXtLib.training.config_reading import read_config\n"
        "from CraNeXtLib.training.train import train\n"
        "train(read_config(sys.argv[1]), sys.argv[2], resume=sys.argv[3] == 'True')\n"
    )
    launcher = ["-m", "torch.distributed.run", *torchrun] if torchrun else []
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, *launcher, script, settings, out, str(resume)], env=environment)


def last_weights(out):
    content = torch.load(out / "checkpoints" / "last.ckpt", map_location="cpu", weights_only=True)
    return content["state_dict"], content["global_step"]


def test_a_run_gives_a_model_that_reconstructs(manifest, tmp_path):
    from CraNeXtLib.completion import model_library

    stages = []
    config = configuration(manifest)
    folder = train(config, tmp_path / "run", progress=lambda stage, fraction: stages.append((stage, fraction)))
    description = json.loads((folder / "model.json").read_text())
    assert description["scores"]["validation"]["n"] == 1
    assert description["recipe"]["config"]["run"]["epochs"] == 2
    assert str(manifest) not in (folder / "model.json").read_text()
    card = (folder / "MODEL_CARD.md").read_text()
    for said in ("research", "SHA-256", f"torch {torch.__version__}", "Licence"):
        assert said in card
    load_model(model_library.find(folder))
    assert stages[-1] == ("Done", 1.0)
    assert [fraction for _, fraction in stages] == sorted(fraction for _, fraction in stages)
    assert any("left" in stage for stage, _ in stages)
    assert (tmp_path / "run" / "pictures" / "epoch_0001.png").is_file()
    logs = tmp_path / "run" / "logs"
    assert "implant-dsc" in (logs / "version_0" / "metrics.csv").read_text()
    assert list(logs.glob("tensorboard/events.out.tfevents*"))
    with pytest.raises(InputError, match="--resume"):
        train(config, tmp_path / "run")
    with pytest.raises(InputError, match="another configuration"):
        train(configuration(manifest, epochs=3), tmp_path / "run", resume=True)


def test_a_run_on_regions_gives_a_model_that_reconstructs(manifest, tmp_path, monkeypatch):
    from types import SimpleNamespace

    from CraNeXtLib.completion import model_library

    def left_and_right(skull):
        def label(points):
            return np.where(np.asarray(points)[:, 0] < 0, 2, 5)

        labels = np.zeros(skull.shape, np.uint8)
        labels[skull.voxels] = label(skull.to_ras(np.argwhere(skull.voxels)))
        return SimpleNamespace(label_points=label, labels=skull.with_voxels(labels))

    for module in ("anatomy.categorization.categorize", "training.samples.prepared_skull"):
        monkeypatch.setattr(f"CraNeXtLib.{module}.categorize", left_and_right)
    config = configuration(manifest, epochs=1, picture_every=0)
    folder = train(replace(config, data=replace(config.data, input="one-hot")), tmp_path / "run")
    assert model_library.find(folder).description["network"]["options"]["in_channels"] == 10
    assert model_library.find(folder).description["scores"]["validation"]["n"] == 1


def test_a_killed_run_goes_on_as_if_nothing_had_been(manifest, tmp_path):
    config = configuration(manifest, epochs=3, samples_per_epoch=6, picture_every=0)
    process = start(config, tmp_path / "killed")
    last = tmp_path / "killed" / "checkpoints" / "last.ckpt"
    deadline = time.monotonic() + 240
    while not last.is_file() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert last_weights(tmp_path / "killed")[1] < 18, "it was over before it could be killed"
    assert start(config, tmp_path / "killed", resume=True).wait() == 0
    train(config, tmp_path / "whole")
    (resumed, steps), (whole, _) = last_weights(tmp_path / "killed"), last_weights(tmp_path / "whole")
    assert steps == 18
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0, msg=name)


def test_two_processes_or_machines_agree_with_one_process_that_takes_twice_the_batch(manifest, tmp_path):
    short = {"epochs": 1, "picture_every": 0}
    train(configuration(manifest, batch_size=2, **short), tmp_path / "one")
    two = configuration(manifest, devices=2, **short)
    runs = [start(two, tmp_path / "processes", torchrun=("--standalone", "--nproc-per-node=2"))]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"127.0.0.1:{free.getsockname()[1]}"
    machines = replace(two, run=replace(two.run, devices=1, nodes=2))
    meet = ("--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", f"--rdzv-endpoint={endpoint}")
    runs += [start(machines, tmp_path / "machines", torchrun=meet) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    one, processes, machines = (last_weights(tmp_path / name) for name in ("one", "processes", "machines"))
    assert one[1] == processes[1] == machines[1] == 2
    for name, value in one[0].items():
        torch.testing.assert_close(processes[0][name], value, rtol=1e-3, atol=1e-5, msg=name)
        torch.testing.assert_close(machines[0][name], processes[0][name], rtol=0, atol=0, msg=name)


def test_a_bad_case_is_named_and_can_be_left_out(manifest, tmp_path):
    from CraNeXtLib.datasets.manifest import read_manifest
    from CraNeXtLib.training.data import CompletionData

    bad = tmp_path / "bad.nrrd"
    bad.write_bytes(b"NRRD0004\nnonsense")
    nothing = configuration(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"none\.csv"):
        train(nothing, tmp_path / "run")
    assert not (tmp_path / "run").exists(), "a run that never started holds its folder"
    cases = read_manifest(manifest)
    cases += [DatasetCase(subject="broken", complete=bad, split=split) for split in ("training", "validation")]
    write_manifest(cases, tmp_path / "manifest.csv")
    config = configuration(manifest)
    config = replace(config, data=replace(config.data, manifest=str(tmp_path / "manifest.csv")))
    with pytest.raises(InputError, match="broken"):
        CompletionData(config, tmp_path / "cache").prepare_data()
    said = []
    config = replace(config, data=replace(config.data, on_bad_case="skip"))
    data = CompletionData(config, tmp_path / "cache", said.append)
    data.prepare_data()
    assert len(data.cases["training"]) == 2
    assert len(said) == 2
    assert "broken" in said[0]
    # Neither the model's card nor its scores, which are made at the end of the run, know the bad cases.
    assert [case.subject for split in ("training", "validation") for case in data.used(split)] == ["a", "b", "c"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_refuses_leaves_the_last_checkpoint(manifest, tmp_path):
    """The kernel refuses in the middle of a file, as a full disk does; and the run goes on when there is room."""
    import resource

    config = configuration(manifest, epochs=3, picture_every=0)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def refuse(_stage, _fraction):
        if last.is_file():
            resource.setrlimit(resource.RLIMIT_FSIZE, (last.stat().st_size // 2, limits[1]))

    try:
        with pytest.raises(InputError, match=r"File too large; the last whole checkpoint is still there.*--resume"):
            train(config, tmp_path / "run", progress=refuse)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert last_weights(tmp_path / "run")[1] == 4
    assert {path.name for path in last.parent.iterdir()} == {"best.ckpt", "last.ckpt"}
    train(config, tmp_path / "run", resume=True)
    assert last_weights(tmp_path / "run")[1] == 12


def test_processes_begin_the_preparation_at_different_cases(manifest, tmp_path, monkeypatch):
    from CraNeXtLib.training.data import CompletionData

    alone = CompletionData(configuration(manifest), tmp_path)
    alone.prepare_data()
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    said = []
    second = CompletionData(configuration(manifest), tmp_path, progress=lambda stage, _: said.append(stage))
    second.prepare_data()
    assert said == ["Preparing heads/b", "Preparing heads/c", "Preparing heads/a"]
    assert second.cases["training"].content == alone.cases["training"].content  # the order of samples is the same


def test_more_manifests_are_trained_on_too(manifest, tmp_path):
    from CraNeXtLib.datasets.manifest import read_manifest
    from CraNeXtLib.training.data import CompletionData

    first = read_manifest(manifest)[0]
    write_manifest([replace(first, subject="bent", implant=None)], tmp_path / "bent.csv")
    config = configuration(manifest)
    config = replace(config, data=replace(config.data, more_manifests=(str(tmp_path / "bent.csv"),)))
    data = CompletionData(config, tmp_path / "cache")
    data.prepare_data()
    assert len(data.cases["training"]) == 3


def test_what_this_computer_or_the_network_cannot_do_is_said_before_any_work(manifest, tmp_path):
    for wrong, named in (
        ({"run": {"accelerator": "cuda"}}, "run.accelerator"),
        ({"network": {"options": {"groups": 4}}}, "groups"),
        ({"network": {"options": {"grn": "4d"}}}, "network.options .* '4d'"),
        ({"network": {"name": "cranext_folded"}}, r"data.shape \[32, 32, 32\] does not fit cranext_folded"),
        ({"network": {"start_from": "pca_skull"}}, "pca_skull"),
    ):
        if "run" in wrong and torch.cuda.is_available():
            continue
        config = configuration(manifest)
        parts = {name: replace(getattr(config, name), **values) for name, values in wrong.items()}
        with pytest.raises(InputError, match=named):
            train(replace(config, **parts), tmp_path / "run")
        assert not (tmp_path / "run" / "config.yaml").exists()


def test_a_damaged_checkpoint_is_named(manifest, tmp_path):
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    last.parent.mkdir(parents=True)
    last.write_bytes(b"half a checkpoint")
    with pytest.raises(InputError, match=r"last\.ckpt is damaged"):
        train(configuration(manifest), tmp_path / "run", resume=True)


def test_a_dry_run_says_what_it_would_cost(manifest, tmp_path):
    cost = dry_run(configuration(manifest, samples_per_epoch=0), tmp_path / "cache")
    assert cost.steps_per_epoch == 2
    assert cost.seconds_per_step > cost.seconds_per_sample > 0  # no other process makes the samples
    assert cost.seconds_per_epoch > 2 * cost.seconds_per_step - 0.1  # and the validation
    assert np.isclose(3600 * cost.hours, cost.seconds_per_epoch * 2, atol=0.5)
    assert 0 < cost.peak_memory_gb < cost.memory_gb


@pytest.mark.parametrize(
    ("device", "memory_gb", "told"),
    [
        (
            "cpu",
            24.6,
            ("A step fits on cpu, with 3.2 of 25 GB in use.", "tensors would take about 2.3 GB"),
        ),
        ("cpu", float("nan"), ("A step fits on cpu. It takes 1.50 s", "2.3 GB")),
        ("cuda", 12.0, ("A step fits on cuda, with 3.2 of 12 GB in use.", "An epoch of 5 steps")),
    ],
)
def test_the_command_tells_what_a_run_would_cost(device, memory_gb, told, monkeypatch, capsys, tmp_path):
    from CraNeXtLib.cli import main
    from CraNeXtLib.training import dry_run as module

    cost = module.DryRun(
        device=device, peak_memory_gb=3.2, memory_gb=memory_gb, gpu_memory_gb=2.3, seconds_per_sample=0.2,
        seconds_per_step=1.5, steps_per_epoch=5, seconds_per_epoch=9.0, hours=0.75,
    )  # fmt: skip
    monkeypatch.setattr(module, "dry_run", lambda *_: cost)
    main(["train", "default", "--dry-run", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert all(text in said for text in told)
    assert "nan" not in said
    assert ("worked out" in said) == (device == "cpu")


def test_the_paper_preset_makes_its_pairs(manifest, tmp_path):
    from CraNeXtLib.training.data import CompletionData
    from CraNeXtLib.training.samples.numbered_samples import TrainingSamples

    overrides = {"data": {"manifest": str(manifest), "shape": [32, 40, 32]}}
    config = read_config("paper", overrides=overrides)
    data = CompletionData(config, tmp_path / "cache")
    data.prepare_data()
    sample = TrainingSamples(data.cases["training"], config)[0]
    assert sample["complete"].shape == (1, 32, 40, 32)
    assert set(np.unique(sample["complete"])) == {0.0, 1.0}  # nearest
    assert len(np.unique(sample["defective"])) > 2  # area
    assert 0.02 < float((sample["complete"] - sample["defective"]).clamp(min=0).sum() / sample["complete"].sum()) < 0.6
