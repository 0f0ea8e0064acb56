"""Whole runs on generated heads: to a model folder, killed and resumed, and in two processes."""

import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace

import pytest
import tiny_training
import torch
from full_disk import full_disk
from tiny_training import categorize_left_and_right, configuration, know_that_heads_are_upright

from CraNeXtLib.completion import model_library
from CraNeXtLib.completion.model_loading import load_model
from CraNeXtLib.core.errors import InputError
from CraNeXtLib.core.files.text import read_yaml
from CraNeXtLib.training.config_yaml import config_as_yaml
from CraNeXtLib.training.train import train

# A server imports PyTorch once for all processes, which takes longer than what they do.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["CraNeXtLib.training.train"])

SCRIPT = """
import sys
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.train import train
train(read_config(sys.argv[1]), sys.argv[2])
"""


@pytest.fixture
def start():
    """Start a run in a process of its own, as :func:`tiny_training.run`."""
    started = []

    def started_run(config, out, **options):
        started.append(PROCESSES.Process(target=tiny_training.run, args=(config, out), kwargs=options))
        started[-1].start()
        return started[-1]

    yield started_run
    for process in started:
        process.kill()


def exit_code(process):
    process.join(300)
    return process.exitcode


def start_with_torchrun(config, out, options):
    """Start a run in the processes that torchrun starts with these options."""
    settings, script = out.parent / f"{out.name}.yaml", out.parent / "go.py"
    settings.write_text(config_as_yaml(config))
    script.write_text(SCRIPT)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-m", "torch.distributed.run", *options, script, settings, out], env=environment
    )


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def last_weights(out):
    content = torch.load(out / "checkpoints" / "last.ckpt", map_location="cpu", weights_only=True)
    return content["state_dict"], content["global_step"]


def test_a_run_gives_a_model_that_reconstructs(manifest, tmp_path):
    stages = []
    config = configuration(manifest)
    folder = train(config, tmp_path / "run", progress=lambda stage, fraction: stages.append((stage, fraction)))
    description = json.loads((folder / "model.json").read_text())
    assert description["scores"]["validation"]["n"] == 1
    assert description["recipe"]["config"]["run"]["epochs"] == 2
    assert str(manifest) not in (folder / "model.json").read_text()
    card = (folder / "MODEL_CARD.md").read_text()
    for said in ("research", "SHA-256", f"torch {torch.__version__}", "License"):
        assert said in card
    load_model(model_library.find(folder))
    written = {file.name: read_yaml(file) for file in (tmp_path / "run").rglob("*.yaml")}
    assert {"config.yaml", "hparams.yaml"} <= {*written}  # the second one is Lightning's
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
    categorize_left_and_right(monkeypatch)
    know_that_heads_are_upright(monkeypatch)
    config = configuration(manifest, epochs=1, picture_every=0)
    folder = train(replace(config, data=replace(config.data, input="one-hot")), tmp_path / "run")
    assert model_library.find(folder).description["network"]["options"]["in_channels"] == 10
    assert model_library.find(folder).description["scores"]["validation"]["n"] == 1


def test_a_run_killed_while_it_writes_a_checkpoint_continues_as_if_nothing_had_happened(manifest, tmp_path, start):
    """The third checkpoint is the second epoch's; its file is half written when the process dies."""
    config = configuration(manifest, epochs=3, samples_per_epoch=6, picture_every=0)
    assert exit_code(start(config, tmp_path / "killed", killed_in_save=3)) == -signal.SIGKILL
    assert last_weights(tmp_path / "killed")[1] == 6, "only the first epoch is complete"
    assert exit_code(start(config, tmp_path / "killed", resume=True)) == 0
    train(config, tmp_path / "whole")
    (resumed, steps), (whole, _) = last_weights(tmp_path / "killed"), last_weights(tmp_path / "whole")
    assert steps == 18
    for name, value in whole.items():
        torch.testing.assert_close(resumed[name], value, rtol=0, atol=0, msg=name)
    models = [json.loads((tmp_path / run / "model" / "model.json").read_text()) for run in ("killed", "whole")]
    assert models[0]["sha256"] == models[1]["sha256"]
    assert models[0]["scores"] == models[1]["scores"]
    assert not list((tmp_path / "killed").rglob(".cranext-*"))


def test_two_processes_or_machines_agree_with_one_process_that_takes_twice_the_batch(manifest, tmp_path, start):
    short = {"epochs": 1, "picture_every": 0}
    two = configuration(manifest, devices=2, **short)
    machines = replace(two, run=replace(two.run, devices=1, nodes=2))
    meet = ("--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{free_port()}")
    started = [start_with_torchrun(machines, tmp_path / "machines", meet) for _ in range(2)]
    port = str(free_port())
    runs = [start(two, tmp_path / "processes", rank=rank, port=port) for rank in range(2)]
    train(configuration(manifest, batch_size=2, **short), tmp_path / "one")
    assert [exit_code(run) for run in runs] == [0, 0]
    assert [run.wait() for run in started] == [0, 0]
    one, processes, machines = (last_weights(tmp_path / name) for name in ("one", "processes", "machines"))
    assert one[1] == processes[1] == machines[1] == 2
    for name, value in one[0].items():
        torch.testing.assert_close(processes[0][name], value, rtol=1e-3, atol=1e-5, msg=name)
        torch.testing.assert_close(machines[0][name], processes[0][name], rtol=0, atol=0, msg=name)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_disk_that_refuses_leaves_the_last_checkpoint(manifest, tmp_path):
    """The kernel refuses in the middle of a file, as a full disk does; the run continues once there is space."""
    config = configuration(manifest, epochs=3, picture_every=0)
    last = tmp_path / "run" / "checkpoints" / "last.ckpt"
    message = r"File too large; the last complete checkpoint is still there.*--resume"
    with ExitStack() as stack, pytest.raises(InputError, match=message):

        def refuse(_stage, _fraction):
            if last.is_file():
                stack.enter_context(full_disk(last.stat().st_size // 2))

        train(config, tmp_path / "run", progress=refuse)
    assert last_weights(tmp_path / "run")[1] == 4
    assert {path.name for path in last.parent.iterdir()} == {"best.ckpt", "last.ckpt"}
    train(config, tmp_path / "run", resume=True)
    assert last_weights(tmp_path / "run")[1] == 12


def test_what_this_computer_or_the_network_cannot_do_is_said_before_any_work(manifest, tmp_path):
    for wrong, named in (
        ({"run": {"accelerator": "cuda"}}, "run.accelerator"),
        ({"network": {"options": {"groups": 4}}}, "groups"),
        ({"network": {"options": {"grn": "4d"}}}, "network.options .* '4d'"),
        ({"network": {"name": "cranext_folded"}}, r"data.shape \[32, 32, 32\] does not fit cranext_folded"),
        ({"network": {"start_from": "pca_skull"}}, "'pca_skull' is not a network"),
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


def test_torchrun_with_another_number_of_processes_is_refused(tmp_path, monkeypatch, manifest):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "run")
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(InputError, match=r"torchrun started 4 processes, but run\.devices times run\.nodes is 1"):
        train(configuration(manifest), tmp_path / "run")
    assert not (tmp_path / "run").exists()
