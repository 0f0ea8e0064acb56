"""Each package is on one list, each extra of the package is a set of lists, and errors say which one to install."""

import pytest
from repository import REPOSITORY

from CraNeXtLib.core.runtime.requirements import ALWAYS, EXTRAS, installed_version, package_advice, requirements


def test_requirements_are_those_of_the_lists():
    packages = requirements(*ALWAYS)
    assert packages["numpy"].startswith(">=")
    assert not any(name.startswith("#") or " " in name for name in packages)
    assert not {"torch", "monai", "antspyx", "lightning"} & set(packages)
    assert {"torch", "monai", "lightning"} <= set(requirements(*EXTRAS["train"]))


def test_the_extras_of_the_package_are_these_lists():
    tomllib = pytest.importorskip("tomllib")  # in Python 3.11
    dynamic = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "dynamic"
    ]

    def lists(entry):
        files = entry["file"] if isinstance(entry["file"], list) else [entry["file"]]
        return tuple(file.rpartition("/")[2].removesuffix(".txt") for file in files)

    extras = {name: lists(entry) for name, entry in dynamic["optional-dependencies"].items() if name != "test"}
    assert extras == EXTRAS
    assert lists(dynamic["dependencies"]) == ALWAYS


def test_a_package_without_metadata_has_an_unknown_version_and_a_missing_one_has_none(tmp_path, monkeypatch):
    (tmp_path / "package_without_metadata.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_version("package_without_metadata") == ""
    assert installed_version("package-that-does-not-exist") is None


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch", "torch"),
        ("monai.data", "torch"),
        ("ants", "ants"),
        ("lightning.pytorch", "train"),
        ("yaml", "train"),
        ("gdcm", "dicom"),
        ("trame.app", "app"),
        ("trame_slicer", "app"),
        ("slicer", "app"),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(module, extra):
    advice = package_advice(ModuleNotFoundError(f"No module named '{module}'", name=module))
    assert advice == f"This needs {module.split('.')[0]}, which is not installed; run: pip install 'cranext[{extra}]'"


def test_work_that_needs_several_extras_names_its_own():
    error = ModuleNotFoundError(name="torch")
    assert package_advice(error, ("train", "ants")).endswith("'cranext[train]'")
    assert package_advice(error, ("ants",)) == ""


def test_other_errors_are_no_missing_package():
    for error in (
        ModuleNotFoundError(name="CraNeXtLib.nonsense"),
        ModuleNotFoundError("torch"),
        ImportError(name="torch"),
        ValueError("torch"),
    ):
        assert package_advice(error) == ""
