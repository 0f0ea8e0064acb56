"""A configuration is complete, typed, and refused by name where it is wrong."""

from dataclasses import fields, is_dataclass

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.training.config import TrainingConfig, presets
from CraNeXtLib.training.config_reading import read_config
from CraNeXtLib.training.config_yaml import config_as_yaml


def write(path, text):
    path.write_text(text)
    return path


def test_what_is_printed_is_read_back_the_same(tmp_path):
    for preset in presets():
        config = read_config(preset)
        assert read_config(write(tmp_path / "config.yaml", config_as_yaml(config))) == config
    assert read_config(write(tmp_path / "config.yaml", config_as_yaml())) == TrainingConfig()


def test_the_paper_preset_is_the_published_protocol():
    config = read_config("paper")
    assert (config.optimization.optimizer, config.optimization.learning_rate) == ("adam", 1e-4)
    assert (config.run.epochs, config.run.batch_size, config.run.precision) == (300, 1, "32")
    assert (config.augmentation.flip_left_right, config.augmentation.flip_front_back) == (0.5, 0.5)
    assert (config.data.grid, config.data.shape) == ("official", (176, 224, 144))


def test_a_file_changes_only_what_it_names(tmp_path):
    config = read_config(write(tmp_path / "mine.yaml", "preset: paper\nrun:\n  epochs: 2\n"))
    assert config.run.epochs == 2
    assert config.run.precision == "32"
    assert read_config("paper", overrides={"run": {"epochs": 3}}).run.epochs == 3


def test_another_network_starts_from_its_own_options(tmp_path):
    for text in ("network: {name: unet3dcnn}", "preset: default\nnetwork: {name: unet3dcnn}"):
        config = read_config(write(tmp_path / "mine.yaml", text))
        assert (config.network.name, config.network.options) == ("unet3dcnn", {})
    text = "preset: default\nnetwork: {name: unet3dcnn, options: {dropout: 0.1}}"
    assert read_config(write(tmp_path / "mine.yaml", text)).network.options == {"dropout": 0.1}
    assert (
        read_config(write(tmp_path / "mine.yaml", "network: {start_from: cranext-default}")).network.options["grn"]
        == "3d"
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("learning_rate: 1", "'learning_rate'"),
        ("run:\n  epoch: 3", "'run.epoch'"),
        ("run:\n  epochs: many", "run.epochs is 'many'"),
        ("run:\n  epochs: 0", "run.epochs is 0; it must lie between 1 and 100000"),
        ("run:\n  picture_every: -1", "run.picture_every is -1; it must lie between 0"),
        ("data:\n  workers: -1", "data.workers is -1"),
        ("optimization:\n  warmup_steps: -1", "optimization.warmup_steps is -1"),
        ("data:\n  spacing_mm: 9", "data.spacing_mm is 9.0; it must lie between 0.1 and 5"),
        ("run:\n  epochs: true", "run.epochs is True"),
        ("run: 3", "run must be a section"),
        ("optimization:\n  loss: focal", "optimization.loss is 'focal'; choose one of dice-bce"),
        ("optimization:\n  learning_rate: 3", "optimization.learning_rate is 3"),
        ("data:\n  shape: [64, 64]", "data.shape"),
        ("data:\n  shape: [64, 64, 16]", "data.shape is 16; it must lie between 32 and 512"),
        ("augmentation:\n  defects: {sideways: 1}", "'sideways'"),
        ("augmentation:\n  defects: {random-1: often}", "augmentation.defects.random-1"),
        ("augmentation:\n  defects: {random-1: -1}", "augmentation.defects.random-1 is -1.0; it must lie between 0"),
        ("augmentation:\n  elastic_mm: -2", "augmentation.elastic_mm is -2"),
        ("optimization:\n  bce_weight: .nan", "optimization.bce_weight is nan"),
        ("data:\n  more_manifests: bent.csv", "data.more_manifests is 'bent.csv'; give a list"),
        ("data:\n  more_manifests: [1]", "data.more_manifests is 1"),
        ("name: a/b", "name: 'a/b' cannot be the name of a model"),
        ("network:\n  name: resnet", "network.name"),
        ("preset: best", "'best'"),
        ("data:\n  grid: official", "own_defect"),
        ("a: [", "line 1"),
        ("- a", "keys and values"),
        ("optimization: {learning_rate: 1e400}", "optimization.learning_rate is inf; it must lie between 1e-09 and 1"),
        (f"optimization: {{learning_rate: {10**400}}}", "optimization.learning_rate is 1000"),
        ("run: {seed: 4294967296}", "run.seed is 4294967296; it must lie between 0 and 4294967295"),
        ("run: {seed: -1}", "run.seed is -1"),
        ("run: {epochs: 99999999}", "run.epochs is 99999999"),
        ("run: {devices: 10000000}", "run.devices is 10000000; it must lie between 1 and 1024"),
        ("run: {threads: 10000000}", "run.threads is 10000000; it must lie between 0 and 1024"),
        (f"run: {{epochs: {10**400}}}", "run.epochs is 1000"),
        ("data: {shape: [64, 64, 100000]}", "data.shape is 100000; it must lie between 32 and 512"),
        ('data: {cache: "a\\0b"}', "data.cache is 'a\\x00b'"),
        ("data: {cache: 3}", "data.cache is 3; it must be of type str"),
        (f"name: {'n' * 300}", "cannot be the name of a model"),
        ("network: {options: 3}", "network.options is 3; give keys and values"),
        ("network: {options: {grn: 2020-01-01}}", "network.options.grn is 2020-01-01; give numbers"),
        ("network: 3", "network must be a section"),
        ("1: 2", "no setting '1'"),
        ("preset: [paper]", "preset"),
        ("[a, b]: 1", "cannot be a key"),
        ("a: " + "[" * 100_000, "nested too deeply"),
        ("run: {epochs: 2}\nrun: {seed: 3}", "line 2: 'run' is duplicated"),
        ("run: {epochs: 2, epochs: 3}", "'epochs' is duplicated"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, named):
    with pytest.raises(InputError) as error:
        read_config(write(tmp_path / "wrong.yaml", text))
    assert named in str(error.value)


def test_every_number_has_a_range():
    for section in fields(TrainingConfig):
        for item in fields(section.default_factory) if is_dataclass(section.default_factory) else ():
            if "int" in str(item.type) or "float" in str(item.type):
                assert item.metadata["low"] < item.metadata["high"], f"{section.name}.{item.name}"


def test_a_file_starts_from_another_file(tmp_path):
    write(tmp_path / "ours.yaml", "preset: paper\nname: ours\nrun:\n  epochs: 2\n  seed: 7\n")
    config = read_config(write(tmp_path / "mine.yaml", "preset: ours.yaml\nrun:\n  seed: 8\n"))
    assert (config.name, config.run.epochs, config.run.seed, config.data.grid) == ("ours", 2, 8, "official")
    with pytest.raises(InputError, match=r"mine\.yaml starts from itself"):
        read_config(write(tmp_path / "mine.yaml", "preset: mine.yaml\n"))


def test_a_missing_file_lists_the_presets(tmp_path):
    with pytest.raises(InputError, match="paper"):
        read_config(tmp_path / "none.yaml")
