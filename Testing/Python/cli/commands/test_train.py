"""``cranext train``: its configuration, and the report of a dry run. Runs are tested in ``training``."""

import pytest


def test_the_configuration_is_printed_with_all_defaults(run):
    status, printed, _ = run("train", "--print-config")
    assert status == 0
    assert "learning_rate:" in printed
    assert "manifest:" in printed


def test_a_misspelled_setting_is_named(run, tmp_path):
    (tmp_path / "typo.yaml").write_text("data:\n  manifesto: x\n")
    status, _, error = run("train", tmp_path / "typo.yaml")
    assert status == 2
    assert "manifesto" in error


@pytest.mark.parametrize(
    ("device", "memory_gb", "reported"),
    [
        ("cpu", 24.6, ("A step fits on cpu, with 3.2 of 25 GB in use.", "tensors would take about 2.3 GB")),
        ("cpu", float("nan"), ("A step fits on cpu. It takes 1.50 s", "2.3 GB")),
        ("cuda", 12.0, ("A step fits on cuda, with 3.2 of 12 GB in use.", "An epoch of 5 steps")),
    ],
)
def test_a_dry_run_reports_what_a_run_would_cost(device, memory_gb, reported, monkeypatch, run, tmp_path):
    from CraNeXtLib.training import dry_run as module

    cost = module.DryRun(
        device=device, peak_memory_gb=3.2, memory_gb=memory_gb, gpu_memory_gb=2.3, seconds_per_sample=0.2,
        seconds_per_step=1.5, steps_per_epoch=5, seconds_per_epoch=9.0, hours=0.75,
    )  # fmt: skip
    monkeypatch.setattr(module, "dry_run", lambda *_: cost)
    _, printed, _ = run("train", "default", "--dry-run", "--out", tmp_path)
    assert all(text in printed for text in reported)
    assert "nan" not in printed
    assert ("estimated" in printed) == (device == "cpu")
