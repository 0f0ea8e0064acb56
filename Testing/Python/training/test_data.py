"""Cases are prepared once, shared by processes, and named when they cannot be used."""

from dataclasses import replace

import numpy as np
import pytest
from full_disk import full_disk
from tiny_training import configuration

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.datasets.manifest import DatasetCase, read_manifest, write_manifest
from CraNeXtLib.datasets.skull_pair import load_case
from CraNeXtLib.geometry.volume_files import write_volume
from CraNeXtLib.training.data import CompletionData
from CraNeXtLib.training.train import train


def test_a_bad_case_is_named_and_can_be_left_out(manifest, tmp_path):
    bad = tmp_path / "bad.nrrd"
    bad.write_bytes(b"NRRD0004\nnonsense")
    nothing = configuration(tmp_path / "none.csv")
    with pytest.raises(InputError, match=r"none\.csv"):
        train(nothing, tmp_path / "run")
    assert not (tmp_path / "run").exists(), "a run that never started holds its folder"
    with pytest.raises(InputError, match=r"none\.csv"):
        CompletionData(nothing, tmp_path / "run" / "cache")
    assert not (tmp_path / "run").exists(), "a refused trial leaves a cache"
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


def test_processes_begin_the_preparation_at_different_cases(manifest, tmp_path, monkeypatch):
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
    first = read_manifest(manifest)[0]
    write_manifest([replace(first, subject="bent", implant=None)], tmp_path / "bent.csv")
    config = configuration(manifest)
    config = replace(config, data=replace(config.data, more_manifests=(str(tmp_path / "bent.csv"),)))
    data = CompletionData(config, tmp_path / "cache")
    data.prepare_data()
    assert len(data.cases["training"]) == 3


def test_another_segment_of_the_same_file_is_prepared_anew(manifest, tmp_path):
    """Not taken from the cache, where the file's hash alone would find the first one."""
    cases = read_manifest(manifest)
    pair = load_case(cases[0])
    labels = tmp_path / "labels.nrrd"
    write_volume(pair.defective.with_voxels(pair.defective.voxels + 2 * pair.implant.voxels.astype(np.uint8)), labels)
    bone = []
    for segment in ("1,2", "1"):
        whole = DatasetCase(subject="labels", complete=labels, complete_segment=segment, split="training")
        write_manifest([whole, cases[-1]], tmp_path / f"{segment}.csv")
        config = configuration(tmp_path / f"{segment}.csv")
        data = CompletionData(config, tmp_path / "cache")
        data.prepare_some(1)
        bone.append(float(data.cases["training"][0]["complete"].float().sum()))
    assert bone[0] > 1.02 * bone[1]


def test_a_full_disk_is_no_bad_case_and_what_a_killed_process_left_is_deleted(manifest, tmp_path):
    config = configuration(manifest)
    config = replace(config, data=replace(config.data, on_bad_case="skip"))
    left = tmp_path / "cache" / ".cranext-file-left"
    left.mkdir(parents=True)
    data = CompletionData(config, tmp_path / "cache")
    assert not left.exists()
    with pytest.raises(InputError, match=r"^Cannot write to .*cache.*; choose another folder\.$"), full_disk(500):
        data.prepare_data()
    assert list((tmp_path / "cache").iterdir()) == []
