"""Settings of experiments are typed, and refused by name where they are wrong."""

import pytest

from CraNeXtLib.core.errors import InputError
from CraNeXtLib.training.experiments.config import read_experiments


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("options: 3", "options is 3; give keys and values"),
        ("options: {cranext: 3}", "options.cranext is 3; give keys and values"),
        ("options: {cranext: [1]}", "options.cranext is [1]; give keys and values"),
        ("options: {resnet: {}}", "options names the network 'resnet'"),
        ("extra: {mine: {network: cranext, options: 3}}", "extra.mine.options is 3; it must be of type dict"),
        ("extra: {mine: {network: cranext, options: [1]}}", "extra.mine.options is [1]"),
        ("extra: {mine: {network: [cranext]}}", "extra.mine.network is ['cranext']"),
        ("extra: {mine: {model: m, label: 3}}", "extra.mine.label is 3"),
        ("extra: {mine: 3}", "extra.mine is 3"),
        ("extra: {../x: {model: m}}", "cannot be the name of a model"),
        ("names: {a: 1, b: B}", "names.a is 1"),
        ("names: [A, B]", "names is ['A', 'B']"),
        ("settings: {run: {seed: 99999999999}}", "run.seed is 99999999999"),
        ("settings: 3", "settings is 3"),
        ("pca_skull_official: {spacing_mm: 0}", "pca_skull_official.spacing_mm is 0; it must lie between 0.5 and 20"),
        ("pca_skull_official: {spacing_mm: .nan}", "spacing_mm is nan"),
        ("pca_skull_official: {registration: [SyN]}", "registration is ['SyN']"),
        ("postprocessing: own", "postprocessing is 'own'; choose one of default, official"),
        ("device: 3", "device is 3"),
        ("a: 3", "a is 3"),
        ("training: [default]", "training is ['default']"),
        ("sizes: 3", "no setting 'sizes'"),
        ("trainig: paper", "'trainig'"),
        ("settings: {run: {epoch: 3}}", "run.epoch"),
        ("settings: {network: {name: cranext}}", "settings.network"),
        ("training: best", "best"),
        ("names: {a: A}", "names"),
        ("extra: {mine: {label: x}}", "extra.mine"),
        ("extra: {mine: {model: x, network: cranext}}", "extra.mine"),
        ("extra: {mine: {network: resnet}}", "resnet"),
        ("extra: {cranext-a: {model: x}}", "cranext-a"),
        ("extra: {../mine: {model: x}}", "../mine"),
        ("postprocessing: best", "'best'"),
        ("device: tpu", "'tpu'"),
        ("pca_skull_official: {spacing: 3}", "'spacing'"),
        ("- a", "keys and values"),
        ("a: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, named):
    (tmp_path / "wrong.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        read_experiments(tmp_path / "wrong.yaml", a="a.csv")
    assert named in str(error.value)


def test_a_number_as_the_name_of_an_own_cell_is_text(tmp_path):
    (tmp_path / "numbers.yaml").write_text("extra: {5: {model: m}}")
    assert read_experiments(tmp_path / "numbers.yaml", a="a.csv").cells()[-1].name == "5"
